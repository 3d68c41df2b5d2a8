"""The operator's variables: what is wrong is said before a machine is touched, and their table is true."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import MAX_RATE_AT_LASTFM, REAL_LASTFM, BadSettings, read_settings

ANSIBLE = Path(__file__).parents[3] / "ansible"
spec = importlib.util.spec_from_file_location("variables", ANSIBLE / "filter_plugins/variables.py")
assert spec
assert spec.loader
variables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(variables)

GOOD: dict[str, Any] = {
    "lastyear_domain": "years.music.test",
    "lastyear_contact": "https://years.music.test/about",
    "lastyear_lastfm_api_key": "0123456789abcdef" * 2,
    "lastyear_database_url": "postgresql://owner:secret@ep-cool-1-pooler.eu.neon.tech/neondb?sslmode=require",
}


def faults(**changes: Any) -> list[str]:
    given = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    found: list[str] = variables.variable_faults(given)
    return found


def test_what_is_needed_and_nothing_else_is_enough() -> None:
    assert faults() == []


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_missing_is_named_with_what_it_is(name: str, nothing: str | None) -> None:
    (fault,) = faults(**{name: nothing})
    assert fault.startswith(f"{name}: missing. ")
    assert "Set it in group_vars/all/" in fault


def test_a_misspelt_variable_is_refused_with_the_one_that_was_meant() -> None:
    assert faults(lastyear_mirror_profil="albums") == [
        "lastyear_mirror_profil: no role knows it; did you mean lastyear_mirror_profile?"
    ]
    assert "docs/settings.md lists" in faults(lastyear_zebra=1)[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lastyear_domain", "https://years.music.test"),
        ("lastyear_domain", "years.music.test/site"),
        ("lastyear_domain", "Years.music.test"),
        ("lastyear_domain", "localhost"),
        ("lastyear_contact", "me"),
        ("lastyear_lastfm_api_key", "0123"),
        ("lastyear_database_url", "ep-cool-1.neon.tech"),
        ("lastyear_database_url", "mysql://owner:secret@host/db"),
        ("lastyear_database_url", "postgresql://owner@host/db"),
        ("lastyear_database_direct_url", "postgresql://host"),
        ("lastyear_database_direct_url", "postgresql://owner:sec[ret@host/db"),
        ("lastyear_operator_webhook_url", "https://[chat.music.test"),
        ("lastyear_reboot_at", "25:00"),
        ("lastyear_reboot_at", 270),  # what YAML makes of 4:30
        ("lastyear_workers", "2"),
        ("lastyear_workers", True),
        ("lastyear_workers", -1),
        ("lastyear_lastfm_head_check", "yes"),
        ("lastyear_mirror_profile", "everything"),
        ("lastyear_tls", "letsencrypt"),
        ("lastyear_ssh_from", "10.0.0.0/8"),
        ("lastyear_ssh_from", ["10.0.0.1/8"]),
        ("lastyear_trusted_proxies", ["proxy.music.test"]),
        ("lastyear_trusted_proxies", ["192.0.2.7", "0.0.0.0/0"]),
        ("lastyear_trusted_proxies", ["::/0"]),
        ("lastyear_lastfm_storage_mb", 0),
        ("lastyear_lastfm_requests_per_second", 0),
        ("lastyear_lastfm_requests_per_second", 4.5),
        ("lastyear_lastfm_requests_per_second", float("nan")),
        ("lastyear_log_days", 0),
        ("lastyear_log_mb", 0),
        ("lastyear_log_level", "everything"),
        ("lastyear_log_format", "xml"),
        ("lastyear_keep_releases", 0),
        ("lastyear_valkey_memory_mb", 0),
        ("lastyear_operator_webhook_url", "chat.music.test"),
        ("lastyear_redis_url", "valkey.music.test:6379"),
        ("lastyear_redis_url", "redis+sentinel://a b/name"),
        ("lastyear_mirror_url", "postgresql://postgres:secret@one.music.test/musicbrainz"),
        ("lastyear_musicbrainz_signing_key", "C777580F"),
        ("lastyear_dashboard_password", "short"),
        ("lastyear_dashboard_password", "has 'quotes' and is long enough"),
        ("lastyear_metabrainz_token", "x\ny" * 20),
        ("lastyear_postgresql_settings", ["work_mem"]),
    ],
)
def test_what_cannot_be_is_named_and_never_repeated(name: str, value: object) -> None:
    (fault,) = faults(**{name: value})
    assert fault.startswith(f"{name}: should ")
    assert isinstance(value, int) or str(value) not in fault or name == "lastyear_lastfm_head_check"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lastyear_domain", "a.co"),
        ("lastyear_contact", "operator@music.test"),
        ("lastyear_contact", "https://example.organic/about"),
        ("lastyear_domain", "myexample.com"),
        ("lastyear_lastfm_requests_per_second", 0.5),
        ("lastyear_lastfm_requests_per_second", 4),
        ("lastyear_workers", 0),
        ("lastyear_lastfm_storage_mb", 1),
        ("lastyear_log_days", 1),
        ("lastyear_log_mb", 16),
        ("lastyear_log_format", "json"),
        ("lastyear_reboot_at", "04:30"),
        ("lastyear_redis_url", "rediss://default:secret@valkey.music.test:6379/0"),
        ("lastyear_redis_url", "redis+sentinel://:s%2Fx@one:26379,two:26379/lastyear/0?sentinel_password=secret"),
        ("lastyear_mirror_url", "postgresql://mirror_reader:secret@one,two/musicbrainz?load_balance_hosts=random"),
        ("lastyear_database_url", "postgresql://u:p@db/lastyear?sslmode=verify-full&sslrootcert=/etc/ssl/own.pem"),
        ("lastyear_reboot_at", ""),
        ("lastyear_ssh_from", ["192.0.2.0/24", "2001:db8::/32"]),
        ("lastyear_trusted_proxies", ["192.0.2.7", "2001:db8::/32"]),
        ("lastyear_musicbrainz_dump_url", "file:///srv/musicbrainz"),
        ("lastyear_postgresql_settings", {"work_mem": "8MB"}),
    ],
)
def test_what_may_be_is_taken(name: str, value: object) -> None:
    assert faults(**{name: value}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lastyear_domain", "lastyear.example.org"),
        ("lastyear_domain", "example.com"),
        ("lastyear_contact", "https://lastyear.example.org/about"),
        ("lastyear_contact", "you@example.net"),
        ("lastyear_acme_email", "you@example.org"),
        ("lastyear_database_url", "postgresql://USER:PASSWORD@ep-cool-1.neon.tech/neondb"),
        ("lastyear_database_direct_url", "postgresql://owner:secret@HOST/neondb"),
        ("lastyear_operator_webhook_url", "https://chat.example.com:8443/hook"),
        ("lastyear_musicbrainz_dump_url", "https://mirror.invalid/fullexport/"),
    ],
)
def test_what_stands_in_an_example_is_named(name: str, value: str) -> None:
    assert faults(**{name: value}) == [f"{name}: still has the example's value. Put your own in its place."]


def test_the_example_inventory_is_refused_by_the_name_of_all_that_is_to_fill_in() -> None:
    folder = ANSIBLE / "inventories/example"
    given = {
        name: value
        for file in ("main", "vault")
        for name, value in yaml.safe_load((folder / f"group_vars/all/{file}.yml").read_text()).items()
    }
    (machine,) = yaml.safe_load((folder / "hosts.yml").read_text())["all"]["hosts"]
    said = variables.variable_faults(given, machine=machine)
    assert [fault.split(":")[0] for fault in said] == [
        "hosts.yml",
        "lastyear_contact",
        "lastyear_domain",
        "lastyear_database_url",
        "lastyear_lastfm_api_key",
    ]


def test_some_make_others_necessary() -> None:
    assert [fault.split(":")[0] for fault in faults(lastyear_tls="files")] == [
        "lastyear_tls_certificate",
        "lastyear_tls_key",
    ]
    assert faults(lastyear_dashboard="public")[0].startswith("lastyear_dashboard_password: missing")
    assert faults(lastyear_progress_by_webhook=True)[0].startswith("lastyear_internal_token: missing")
    assert [fault.split(":")[0] for fault in variables.variable_faults(GOOD, True)] == list(variables.APART)


@pytest.mark.parametrize("rate", [0, 0.01, 4, 4.5, 100, 100.5])
@pytest.mark.parametrize("api", ["", "https://ws.audioscrobbler.com/2.0/", "http://lastfm.music.test/2.0/"])
def test_a_rate_is_allowed_where_the_program_takes_it(rate: float, api: str) -> None:
    environ = {"LASTFM_REQUESTS_PER_SECOND": str(rate), "LASTFM_API_URL": api}
    found = faults(lastyear_lastfm_requests_per_second=rate, lastyear_lastfm_api_url=api)
    assert bool(found) == is_refused(environ)


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "192.0.2.0/24", "2001:db8::1", "10.0.0.1/8"])
def test_a_proxy_is_allowed_where_the_program_takes_it(network: str) -> None:
    assert bool(faults(lastyear_trusted_proxies=[network])) == is_refused({"TRUSTED_PROXIES": network})


@pytest.mark.parametrize("megabytes", [-1, 0, 1, 100])
def test_a_limit_is_allowed_where_the_program_takes_it(megabytes: int) -> None:
    found = faults(lastyear_lastfm_storage_mb=megabytes)
    assert bool(found) == is_refused({"LASTFM_STORAGE_MB": str(megabytes)})


@pytest.mark.parametrize("megabytes", [-1, 0, 1, 100])
def test_a_limit_of_covers_is_allowed_where_the_program_takes_it(megabytes: int) -> None:
    assert bool(faults(lastyear_covers_mb=megabytes)) == is_refused({"COVERS_MB": str(megabytes)})


def is_refused(environ: dict[str, str]) -> bool:
    try:
        read_settings(environ, needs=())
    except BadSettings:
        return True
    return False


def by_webhook(several: bool, **changes: Any) -> list[str]:
    given = {**GOOD, "lastyear_progress_by_webhook": True, "lastyear_internal_token": "t" * 24, **changes}
    found: list[str] = variables.variable_faults(given, several)
    return found


def test_events_come_by_webhook_only_where_they_can_arrive() -> None:
    apart = {"lastyear_address": "192.0.2.1", "lastyear_mirror_password": "p" * 24}
    assert by_webhook(True, **apart) == []
    [alone] = by_webhook(False)
    assert alone.startswith("lastyear_progress_by_webhook: should be false with a single machine, ")
    [behind_a_cdn] = by_webhook(True, **apart, lastyear_trusted_proxies=["198.51.100.0/24"])
    assert behind_a_cdn.startswith("lastyear_progress_by_webhook: should be false with lastyear_trusted_proxies, ")
    [untrusted] = by_webhook(True, **apart, lastyear_tls="internal")
    assert untrusted.startswith("lastyear_progress_by_webhook: should be false with lastyear_tls: internal, ")
    [named] = by_webhook(True, **{**apart, "lastyear_address": "web1.music.test"})
    assert named == "lastyear_address: should be an IP address, not a name, with lastyear_progress_by_webhook."


def test_all_faults_are_told_at_once() -> None:
    assert len(faults(lastyear_domain=None, lastyear_wokers=1, lastyear_tls="no")) == 3


def test_every_shape_and_condition_is_of_a_variable_that_there_is() -> None:
    known = variables.options()
    assert {*variables.SHAPES, *variables.NETWORKS, *variables.WITH, *variables.APART, *variables.LEAST} <= set(
        known
    )
    assert variables.RATE in known
    assert (variables.REAL_LASTFM, variables.MAX_RATE_AT_LASTFM) == (REAL_LASTFM, MAX_RATE_AT_LASTFM)


def test_every_default_is_what_the_specification_says() -> None:
    for name, option in variables.options().items():
        for path in ANSIBLE.glob("roles/*/defaults/main.yml"):
            defaults = yaml.safe_load(path.read_text()) or {}
            if name in defaults and not str(defaults[name]).startswith("{{"):
                assert defaults[name] == option["default"], name


def test_what_has_a_default_has_it_in_the_roles_defaults() -> None:
    for path in ANSIBLE.glob("roles/*/meta/argument_specs.yml"):
        specs = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
        defaults = yaml.safe_load((path.parents[1] / "defaults/main.yml").read_text()) or {}
        assert {name for name, option in specs.items() if option.get("default")} <= set(defaults), path


def test_every_default_has_a_line_that_tells_of_it() -> None:
    for path in ANSIBLE.glob("roles/*/defaults/main.yml"):
        lines = path.read_text().splitlines()
        assert any(line.startswith("# ") for line in lines), path


def test_the_table_in_the_documentation_is_that_of_the_roles() -> None:
    text = variables.SETTINGS.read_text(encoding="utf-8")
    assert text.partition(variables.BEGIN)[2].partition(variables.END)[0] == variables.table()
