"""The URL of a Redis that Sentinel looks after: which sentinels to ask for the primary, and how to reach both.

`redis+sentinel://USER:PASSWORD@HOST:26379,HOST:26379/NAME/DB`, or `rediss+sentinel:` with TLS everywhere. NAME is
what the sentinels call the primary. `sentinel_username` and `sentinel_password` in the query are for the sentinels
themselves; every other option there is one of redis-py's, for the primary.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

SCHEMES = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}
"""The scheme of such a URL -> that of each server's own URL."""

DEFAULT_PORT = 26379
_OWN = "sentinel_"


@dataclass(frozen=True)
class SentinelURL:
    """What such a URL says."""

    sentinels: tuple[tuple[str, int], ...]
    """The host and port of each."""
    primary: str
    """What they call the primary."""
    primary_url: str
    """The URL of the primary with everything but its host."""
    sentinel_url: str
    """The same of the sentinels: their own user and password, and the same TLS."""


def is_sentinel_url(url: str) -> bool:
    """Whether this is the URL of sentinels, by its scheme."""
    return url.partition(":")[0].lower() in SCHEMES


def parse_sentinel_url(url: str) -> SentinelURL:
    """Read the URL. Raises ValueError, whose message has nothing of the URL in it."""
    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    names = [unquote(part) for part in parts.path.split("/")[1:]]
    name, database = (*names, "", "")[:2]
    if not name or len(names) > 2:
        raise ValueError("should name the primary after the hosts, as in redis+sentinel://HOST:26379/NAME/0")
    if database and not database.isdecimal():
        raise ValueError("should end with the number of a database, as in redis+sentinel://HOST:26379/NAME/0")
    options = parse_qsl(parts.query, keep_blank_values=True)
    own = {name.removeprefix(_OWN): value for name, value in options if name.startswith(_OWN)}
    if unknown := own.keys() - {"username", "password"}:
        raise ValueError(f"should have no option {_OWN}{min(unknown)[:20]}")
    scheme = SCHEMES[parts.scheme]
    of_tls = [(name, value) for name, value in options if name.startswith("ssl_")]
    of_primary = [(name, value) for name, value in options if not name.startswith(_OWN)]
    return SentinelURL(
        tuple(_host_and_port(host) for host in hosts.split(",")),
        name,
        f"{scheme}://{user}@/{database or 0}?{urlencode(of_primary)}",
        f"{scheme}://?{urlencode([*own.items(), *of_tls])}",
    )


def _host_and_port(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or not parts.hostname:
        raise ValueError("should name each sentinel as HOST:PORT, with commas between")
    return parts.hostname, port or DEFAULT_PORT
