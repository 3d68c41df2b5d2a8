"""Settings: read once, complete or not at all, and silent about what is secret."""

from pathlib import Path

import pytest

from app.settings import VARIABLES, WEB_NEEDS, WORKER_NEEDS, BadSettings, Settings, missing, read_settings

GOOD = {
    "DATABASE_URL": "postgresql://app:hush-app@db.example/lastyear",
    "MIRROR_URL": "postgres://reader:hush-mirror@localhost/musicbrainz",
    "REDIS_URL": "redis://:hush-redis@localhost:6379/0",
    "LASTFM_API_KEY": "hush-key",
    "CONTACT": "me@example.org",
}


def fault(**changes: str) -> str:
    """What is said about these variables."""
    with pytest.raises(BadSettings) as refused:
        read_settings({**GOOD, **changes}, WORKER_NEEDS)
    assert "hush" not in str(refused.value)
    assert "hush" not in repr(refused.value.__cause__) + repr(refused.value.__context__)
    return str(refused.value)


def test_what_is_needed_is_enough() -> None:
    settings = read_settings(GOOD, WORKER_NEEDS)
    assert settings.database_url.get_secret_value() == GOOD["DATABASE_URL"]
    assert settings.lastfm_requests_per_second == 2
    assert settings.lastfm_head_check
    assert settings.port == 8000


@pytest.mark.parametrize("name", WORKER_NEEDS)
def test_what_is_missing_is_named_with_its_meaning(name: str) -> None:
    assert fault(**{name: ""}) == f"{name}: missing. {VARIABLES[name].description}"
    assert fault(**{name: " \n"}) == f"{name}: missing. {VARIABLES[name].description}"


def test_every_fault_is_told_at_once() -> None:
    lines = fault(DATABASE_URL="", PORT="many", MIRROR_URL="mysql://hush@x/y").splitlines()
    assert sorted(line.split(":")[0] for line in lines) == ["DATABASE_URL", "MIRROR_URL", "PORT"]


def test_not_everybody_needs_everything() -> None:
    environ = {name: GOOD[name] for name in WEB_NEEDS}
    assert missing(read_settings(environ), WORKER_NEEDS) == ["LASTFM_API_KEY", "CONTACT"]
    assert missing(read_settings({}, []), WEB_NEEDS) == list(WEB_NEEDS)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://hush@x/y", "should begin with postgresql: or postgres:"),
        ("DATABASE_URL", "hush", "should begin with postgresql: or postgres:"),
        ("DATABASE_URL", "postgresql://u:hush@[::1", "should be a URL"),
        ("DATABASE_URL", "postgresql://u:hush\u2100@x/y", "should be a URL"),
        ("DATABASE_DIRECT_URL", "http://hush/", "should begin with postgresql: or postgres:"),
        ("MIRROR_OWNER_URL", "hush", "should begin with postgresql: or postgres:"),
        ("REDIS_URL", "http://hush/", "should begin with redis: or rediss: or unix: or redis+sentinel:"),
        ("REDIS_URL", "redis://:hush/hush@localhost:6379/0", "should have a port that is a number"),
        (
            "REDIS_URL",
            "redis://:hush@one:6379,two:6379/0",
            "should have a port that is a number; several hosts are for",
        ),
        ("REDIS_URL", "redis+sentinel://:hush@one:26379,two:26379", "should name the primary after the hosts"),
        ("REDIS_URL", "redis+sentinel://:hush@one:26379//0", "should name the primary after the hosts"),
        ("REDIS_URL", "redis+sentinel://:hush@one/name/0/1", "should name the primary after the hosts"),
        ("REDIS_URL", "redis+sentinel://:hush@one/name/hush", "should end with the number of a database"),
        ("REDIS_URL", "redis+sentinel://:hush@one:hush/name", "should name each sentinel as HOST:PORT"),
        ("REDIS_URL", "redis+sentinel://:hush@one:0/name", "should name each sentinel as HOST:PORT"),
        ("REDIS_URL", "redis+sentinel://:hush@one:26379,/name", "should name each sentinel as HOST:PORT"),
        ("REDIS_URL", "redis+sentinel:///name", "should name each sentinel as HOST:PORT"),
        (
            "REDIS_URL",
            "redis+sentinel://one/name?sentinel_passwort=hush",
            "should have no option sentinel_passwort",
        ),
        ("LASTFM_API_URL", "ftp://x/", "should begin with http: or https:"),
        ("LASTFM_API_URL", "file:///etc/passwd", "should begin with http: or https:"),
        ("LASTFM_WEB_URL", "www.last.fm", "should begin with http: or https:"),
        ("MUSICBRAINZ_SIGNING_KEY", "C777580F", "should be the 40 hexadecimal digits of a key's fingerprint"),
        ("OPERATOR_WEBHOOK_URL", "hush", "should begin with http: or https:"),
        ("PROGRESS_WEBHOOK_URL", "javascript:x", "should begin with http: or https:"),
        ("MUSICBRAINZ_DUMP_URL", "ftp://x/", "should begin with http: or https: or file:"),
        ("LASTFM_REQUESTS_PER_SECOND", "fast", "should be a valid number"),
        ("LASTFM_REQUESTS_PER_SECOND", "0", "should be greater than 0"),
        ("LASTFM_REQUESTS_PER_SECOND", "nan", "should be"),
        ("LASTFM_REQUESTS_PER_SECOND", "inf", "should be less than or equal to 100"),
        ("LASTFM_HEAD_CHECK", "perhaps", "should be a valid boolean"),
        ("SITE_URL", "lastyear.example.org", "should begin with http: or https:"),
        ("SITE_URL", "https://", "should be only a scheme and a host"),
        ("SITE_URL", "https://lastyear.example.org/charts", "should be only a scheme and a host"),
        ("SITE_URL", "https://me@lastyear.example.org", "should be only a scheme and a host"),
        ("SITE_URL", "https://lastyear.example.org:many", "should be a URL"),
        ("TRUSTED_PROXIES", "cdn.example.org", "should be addresses or networks"),
        ("TRUSTED_PROXIES", "203.0.113.0/24 198.51.100.1", "should be addresses or networks"),
        ("TRUSTED_PROXIES", "203.0.113.1/24", "should be addresses or networks"),
        ("TRUSTED_PROXIES", "203.0.113.1, ::/0", "should be addresses or networks"),
        ("PORT", "0", "should be greater than or equal to 1"),
        ("PORT", "65536", "should be less than or equal to 65535"),
    ],
)
def test_a_bad_value_is_named_with_what_it_should_be(name: str, value: str, words: str) -> None:
    message = fault(**{name: value})
    assert message.startswith(f"{name}: {words}")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("rate", "url"), [("4", None), ("4", "https://ws.audioscrobbler.com/2.0/"), ("100", "http://x/")]
)
def test_a_rate_up_to_the_ceiling_is_taken(rate: str, url: str | None) -> None:
    environ = {**GOOD, "LASTFM_REQUESTS_PER_SECOND": rate, **({"LASTFM_API_URL": url} if url else {})}
    assert read_settings(environ).lastfm_requests_per_second == float(rate)


@pytest.mark.parametrize(
    "url", ["", "http://ws.audioscrobbler.com/2.0/", "https://WS.Audioscrobbler.com:443/2.0/"]
)
def test_last_fm_itself_is_never_called_faster_than_it_bears(url: str) -> None:
    message = fault(LASTFM_REQUESTS_PER_SECOND="4.1", LASTFM_API_URL=url)
    assert message == "LASTFM_REQUESTS_PER_SECOND: should be at most 4 at Last.fm itself"


@pytest.mark.parametrize("name", list(VARIABLES))
def test_every_variable_may_come_as_a_file(tmp_path: Path, name: str) -> None:
    value = {
        **GOOD,
        "PORT": "8001",
        "BACKUP_KEEP": "3",
        "LASTFM_REQUESTS_PER_SECOND": "1",
        "LASTFM_STORAGE_MB": "50",
        "COVERS_MB": "50",
        "LASTFM_HEAD_CHECK": "no",
        "OPERATOR_MAY_CHANGE": "yes",
        "OPERATOR_WEBHOOK_URL": "https://x/",
        "LOG_LEVEL": "Error",
        "LOG_FORMAT": "json",
        "LOG_NAMES": "yes",
        "TRUSTED_PROXIES": "203.0.113.0/24",
        "MUSICBRAINZ_SIGNING_KEY": "0123 4567 89ab cdef 0123  4567 89AB CDEF 0123 4567",
    }.get(name, "https://x/" if VARIABLES[name].annotation is str else "postgresql://x/y")
    (tmp_path / "value").write_text(f" {value}\n", encoding="utf-8")
    environ = {key: text for key, text in GOOD.items() if key != name}
    by_file = read_settings({**environ, f"{name}_FILE": str(tmp_path / "value")}, WORKER_NEEDS)
    assert by_file == read_settings({**environ, name: value}, WORKER_NEEDS)


def test_the_variable_itself_goes_before_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hush-other", encoding="utf-8")
    settings = read_settings({**GOOD, "LASTFM_API_KEY_FILE": str(tmp_path / "key")}, WORKER_NEEDS)
    assert settings.lastfm_api_key.get_secret_value() == "hush-key"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nothing"
    lines = fault(LASTFM_API_KEY="", LASTFM_API_KEY_FILE=str(path)).splitlines()
    assert lines[0] == f"LASTFM_API_KEY_FILE: cannot be read (FileNotFoundError: {path})"
    path.write_bytes(b"hush \xff")
    assert "LASTFM_API_KEY_FILE: cannot be read (UnicodeDecodeError" in fault(
        LASTFM_API_KEY="", LASTFM_API_KEY_FILE=str(path)
    )


def test_settings_never_show_a_secret() -> None:
    settings = read_settings(GOOD, WORKER_NEEDS)
    assert "hush" not in f"{settings} {settings!r} {settings.model_dump()}"
    everything = "hush-app hush-mirror hush-redis hush-key"
    for secret in sorted(settings.secrets(), key=len, reverse=True):
        everything = everything.replace(secret, "")
    assert everything.split() == []


def test_a_password_is_secret_as_it_is_written_and_as_it_is_meant() -> None:
    settings = read_settings({**GOOD, "DATABASE_URL": "postgresql://app:hush%40app@db.example/lastyear"})
    assert {"hush%40app", "hush@app"} <= set(settings.secrets())


def test_of_several_tokens_each_is_a_secret() -> None:
    settings = read_settings({"INTERNAL_TOKEN": " hush-new , hush-old,"}, [])
    assert settings.internal_tokens == ("hush-new", "hush-old")
    assert {"hush-new", "hush-old"} <= set(settings.secrets())
    assert read_settings({"INTERNAL_TOKEN": " , "}, []).internal_tokens == ()


def test_short_and_empty_values_are_no_secrets() -> None:
    assert "" not in read_settings({}, []).secrets()
    assert read_settings({"INTERNAL_TOKEN": "a"}, []).secrets() == ()


def test_settings_stay_as_they_were_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings(GOOD).port = 1


def test_migrations_go_to_the_database_itself_where_it_is_named() -> None:
    assert read_settings(GOOD).migrations_url == GOOD["DATABASE_URL"]
    assert (
        read_settings({**GOOD, "DATABASE_DIRECT_URL": "postgresql://direct/x"}).migrations_url
        == "postgresql://direct/x"
    )


def test_the_mirrors_reader_is_named_unless_it_is_the_owner() -> None:
    owner = {"MIRROR_OWNER_URL": "postgres://owner@localhost/musicbrainz"}
    assert read_settings({**GOOD, **owner}).mirror_reader == "reader"
    assert read_settings({**GOOD, "MIRROR_OWNER_URL": GOOD["MIRROR_URL"]}).mirror_reader is None


def test_every_variable_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_proxies_are_networks_and_the_site_has_no_slash_at_its_end() -> None:
    more = {"TRUSTED_PROXIES": "203.0.113.0/24, 2001:db8::1,", "SITE_URL": "https://LastYear.example.org/"}
    settings = read_settings({**GOOD, **more})
    assert [str(network) for network in settings.proxy_networks] == ["203.0.113.0/24", "2001:db8::1/128"]
    assert settings.site_url == "https://lastyear.example.org"
    assert read_settings(GOOD).proxy_networks == ()
    assert read_settings({**GOOD, "SITE_URL": "http://[::1]:8000"}).site_url == "http://[::1]:8000"


def test_covers_are_shown_unless_nothing_is_said_for_the_archive() -> None:
    folder = {"COVERS_FOLDER": "/var/cache/covers"}
    assert read_settings(folder, ()).cover_art_url == "https://coverartarchive.org"
    assert read_settings(folder, ()).shows_covers
    assert not read_settings({**folder, "COVER_ART_URL": ""}, ()).shows_covers
    assert not read_settings({**folder, "COVER_ART_URL": "  "}, ()).shows_covers
    assert not read_settings({}, ()).shows_covers
