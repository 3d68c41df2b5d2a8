"""The variables of the inventory: find what is wrong before anything is touched, and write their table.

`python ansible/filter_plugins/variables.py` writes the table of inventory variables into docs/settings.md.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

ANSIBLE = Path(__file__).parent.parent
SETTINGS = ANSIBLE.parent / "docs/settings.md"
BEGIN, END = "<!-- variables -->\n", "<!-- /variables -->\n"

POSTGRESQL = (
    r"postgres(ql)?://[^\s/:]+:[^\s/]+@[^\s/]+/[^\s/?]+(\?\S*)?",
    "should be postgresql://USER:PASSWORD@HOST/DATABASE?sslmode=require",
)
WEB = (r"(https?://\S+)?", "should begin with http:// or https://, or be empty")
PASSWORD = (
    r"([A-Za-z0-9_-]{20,})?",
    "should be at least 20 letters, digits, - or _. Make one: openssl rand -hex 24",
)
SHAPES = {
    "lastyear_domain": (
        r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]",
        "should be a host name in small letters without https:// and path, such as lastyear.example.org",
    ),
    "lastyear_contact": (r"https?://[^\s']+|[^\s'@]+@[^\s'@]+\.[^\s'@]+", "should be a URL or a mail address"),
    "lastyear_lastfm_api_key": (
        r"[0-9a-f]{32}",
        "should be 32 digits and letters a to f: the API key, not the shared secret",
    ),
    "lastyear_database_url": POSTGRESQL,
    "lastyear_database_direct_url": (f"({POSTGRESQL[0]})?", POSTGRESQL[1]),
    "lastyear_redis_url": (
        r"(rediss?(\+sentinel)?://[^\s']+)?",
        "should begin with redis://, rediss://, redis+sentinel:// or rediss+sentinel://, or be empty",
    ),
    "lastyear_mirror_url": (
        r"(postgres(ql)?://mirror_reader(:[^\s/'@]+)?@[^\s']*)?",
        "should be postgresql://mirror_reader:PASSWORD@HOST,HOST/musicbrainz?..., or be empty",
    ),
    "lastyear_lastfm_api_url": WEB,
    "lastyear_lastfm_web_url": WEB,
    "lastyear_cover_art_url": WEB,
    "lastyear_operator_webhook_url": WEB,
    "lastyear_musicbrainz_dump_url": (
        r"((https?|file)://[^\s']+)?",
        "should begin with http://, https:// or file://",
    ),
    "lastyear_musicbrainz_packet_url": WEB,
    "lastyear_musicbrainz_signing_key": (
        r"([0-9A-Fa-f]{40})?",
        "should be the fingerprint of a key: 40 hexadecimal digits without spaces",
    ),
    "lastyear_metabrainz_token": (
        r"([A-Za-z0-9_-]{20,})?",
        "should be the access token of metabrainz.org/profile",
    ),
    "lastyear_reboot_at": (r"(([01]\d|2[0-3]):[0-5]\d)?", 'should be "HH:MM" in quotes, or ""'),
    "lastyear_acme_email": (r"([^\s@]+@[^\s@]+\.[^\s@]+)?", "should be a mail address"),
    "lastyear_dashboard_password": PASSWORD,
    "lastyear_internal_token": (
        r"([A-Za-z0-9_-]{20,}(,[A-Za-z0-9_-]{20,})*)?",
        "should be at least 20 letters, digits, - or _, or several such with commas between",
    ),
    "lastyear_mirror_password": PASSWORD,
    "lastyear_address": (r"[A-Za-z0-9.:-]*", "should be an IP address or a host name"),
}
"""Variable -> (the pattern of the whole value, what it should be)."""

NETWORKS = ("lastyear_ssh_from", "lastyear_trusted_proxies")
"""Lists of addresses and networks."""

LEAST = {
    "lastyear_lastfm_storage_mb": 1,
    "lastyear_covers_mb": 1,
    "lastyear_keep_releases": 1,
    "lastyear_backup_keep": 1,
    # Nothing means no limit: to the journal, which would keep logs for ever, and to Valkey.
    "lastyear_log_days": 1,
    "lastyear_log_mb": 16,  # a file's least size
    "lastyear_valkey_memory_mb": 1,
}
"""Number -> the least that it may be; all others may be 0."""

RATE = "lastyear_lastfm_requests_per_second"
REAL_LASTFM, MAX_RATE_AT_LASTFM, MAX_RATE = "ws.audioscrobbler.com", 4, 100
"""As in app/settings.py, which does not exist for Ansible."""

WITH: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "lastyear_tls_certificate": lambda given: given.get("lastyear_tls") == "files",
    "lastyear_tls_key": lambda given: given.get("lastyear_tls") == "files",
    "lastyear_dashboard_password": lambda given: given.get("lastyear_dashboard") == "public",
    "lastyear_internal_token": lambda given: given.get("lastyear_progress_by_webhook") is True,
}
"""Variable -> whether other variables require it."""

EXAMPLE = re.compile(
    r"(?i:(^|[./@:])(example\.(org|com|net)|[\w-]+\.(example|invalid))([/:?]|$))|USER:PASSWORD@|@HOST[:/]"
)
"""What stands in examples, and is nobody's: RFC 2606 keeps these names for them."""

APART = ("lastyear_address", "lastyear_mirror_password")
"""Required with several machines."""

TYPES: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "dict": lambda value: isinstance(value, dict),
}
PLAIN = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list of texts",
    "dict": "a mapping",
}


def options() -> dict[str, dict[str, Any]]:
    """Return each variable that a role knows, with its specification and the roles that use it, by name."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(ANSIBLE.glob("roles/*/meta/argument_specs.yml")):
        specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        for name, option in specs["main"]["options"].items():
            found.setdefault(name, {**option, "roles": []})["roles"].append(path.parts[-3])
    return dict(sorted(found.items()))


def variable_faults(
    given: Mapping[str, Any], several: bool = False, machine: str = "", balanced: bool = False
) -> list[str]:
    """Return a sentence for each fault in the variables of one machine: which, what, and how to correct it.

    `given` holds the inventory's variables that begin with lastyear_; `several`: whether it has several machines;
    `machine` is the name of this one there; `balanced`: whether a balancer is before the pages. Values are never
    repeated: they may be secrets.
    """
    known = options()
    return [
        *_placeholders(given, machine),
        *_unknown(given, known),
        *_missing(given, known, several),
        *_misshapen(given, known),
        *_combined(given, several),
        *_unfit_address(given, balanced),
    ]


def _placeholders(given: Mapping[str, Any], machine: str) -> Iterator[str]:
    if EXAMPLE.search(machine):
        yield f"hosts.yml: {machine} is the example's machine. Put your machine's name or address in its place."
    for name, value in sorted(given.items()):
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and EXAMPLE.search(text) for text in texts):
            yield f"{name}: still has the example's value. Put your own in its place."


def _unknown(given: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(set(given) - set(known)):
        near = get_close_matches(name, known, n=1, cutoff=0.8)
        hint = f"did you mean {near[0]}?" if near else "docs/settings.md lists them all."
        yield f"{name}: no role knows it; {hint}"


def _missing(given: Mapping[str, Any], known: Mapping[str, Any], several: bool) -> Iterator[str]:
    wanted = [name for name, option in known.items() if option.get("required")]
    wanted += [name for name, needed in WITH.items() if needed(given)]
    wanted += APART if several else ()
    for name in wanted:
        if given.get(name) in (None, ""):
            where = "Set it in group_vars/all/ of your inventory, a secret in vault.yml there."
            yield f"{name}: missing. {known[name]['description']}. {where}"


def _misshapen(given: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    for name, value in sorted(given.items()):
        if name not in known or value is None:
            continue
        option = known[name]
        kind, choices = option.get("type", "str"), option.get("choices")
        pattern, mend = SHAPES.get(name, (".*", ""))
        if not TYPES[kind](value):
            yield f"{name}: should be {PLAIN[kind]}, it is {_kind_of(value)}."
        elif choices and value not in choices:
            yield f"{name}: should be one of {', '.join(choices)}."
        elif kind == "str" and value and not _is_shaped(value, pattern):
            yield f"{name}: {mend or 'should have neither quotes nor line breaks'}."
        elif name in NETWORKS and not all(map(_is_network, value)):
            yield f"{name}: should list addresses or networks such as 192.0.2.0/24 and 2001:db8::/32."
        elif name == "lastyear_trusted_proxies" and any(ip_network(text).prefixlen == 0 for text in value):
            yield f"{name}: should not list everybody (/0), who could then pass for any visitor."
        elif kind in ("int", "float") and (fault := _number_fault(name, value, given)):
            yield f"{name}: {fault}."


def _is_shaped(text: str, pattern: str) -> bool:
    try:
        urlsplit(text)  # which the program does, and refuses a bracket in a password
    except ValueError:
        return False
    return "'" not in text and "\n" not in text and bool(re.fullmatch(pattern, text))


def _number_fault(name: str, value: float, given: Mapping[str, Any]) -> str:
    if name == RATE:
        most = MAX_RATE_AT_LASTFM if _asks_lastfm_itself(given) else MAX_RATE
        where = " at Last.fm itself" if most == MAX_RATE_AT_LASTFM else ""
        # Put so that it refuses .nan, too.
        return "" if 0 < value <= most else f"should be above 0, and at most {most}{where}"
    least = LEAST.get(name, 0)
    return "" if value >= least else f"should be at least {least}"


def _asks_lastfm_itself(given: Mapping[str, Any]) -> bool:
    try:
        return urlsplit(str(given.get("lastyear_lastfm_api_url") or "")).hostname in (None, REAL_LASTFM)
    except ValueError:
        return True


def _combined(given: Mapping[str, Any], several: bool) -> Iterator[str]:
    """Yield what variables that are right by themselves make impossible together."""
    name = "lastyear_progress_by_webhook"
    if given.get(name) is not True:
        return
    if not several:
        yield f"{name}: should be false with a single machine, where workers send progress through Valkey."
    elif given.get("lastyear_tls") == "internal":
        yield (
            f"{name}: should be false with lastyear_tls: internal, whose certificate the workers do not trust."
            " Without it, they send progress through Valkey."
        )
    elif given.get("lastyear_trusted_proxies"):
        # They come from the proxy's address then, and the site takes events from the workers' addresses alone.
        yield (
            f"{name}: should be false with lastyear_trusted_proxies, as the workers' events would come through"
            " these proxies and be refused. Without it, workers send progress through Valkey."
        )


def _unfit_address(given: Mapping[str, Any], balanced: bool) -> Iterator[str]:
    """Yield what is wrong with a name where requests are told apart by the address that they come from."""
    by_webhook = "lastyear_progress_by_webhook"
    address, reason = given.get("lastyear_address"), "a balancer" if balanced else by_webhook
    if (balanced or given.get(by_webhook) is True) and address and not _is_network(str(address)):
        yield f"lastyear_address: should be an IP address, not a name, with {reason}."


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _kind_of(value: object) -> str:
    kind = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping"}.get(
        type(value), "text"
    )
    return f"{kind} (texts stand in quotes)" if kind != "text" else kind


def table() -> str:
    """Return the variables as a table in Markdown."""
    rows = []
    for name, option in options().items():
        if option.get("required"):
            default = "**required**"
        elif "default" in option:
            default = f"`{_written(option['default'])}`" if option["default"] != "" else ""
        else:
            default = "by formula"
        rows.append(f"| `{name}` | {option['type']} | {default} | {option['description']} |")
    return "\n".join(["| variable | type | default | meaning |", "|---|---|---|---|", *rows, ""])


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class FilterModule:
    """The filters that Ansible finds here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"variable_faults": variable_faults}


if __name__ == "__main__":
    before, _, rest = SETTINGS.read_text(encoding="utf-8").partition(BEGIN)
    SETTINGS.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
