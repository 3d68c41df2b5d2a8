"""Names in logs: which places a name is found in by itself, and what the token in its place is."""

import re

import pytest

from app.logs.names import NameHider
from app.settings import Settings, read_settings

HIDER = NameHider(b"a key")
TOKEN = HIDER.token("HeavyHelen")
HEX = b"heavyhelen".hex()


def test_a_token_is_the_same_for_every_spelling_and_another_for_everybody_else_and_every_key() -> None:
    assert re.fullmatch(r"user-[0-9a-f]{12}", TOKEN)
    assert HIDER.token("heavyHELEN") == TOKEN
    assert HIDER.token("LightLuca") != TOKEN
    assert NameHider(b"another key").token("HeavyHelen") != TOKEN


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Exception on /user/HeavyHelen/2024 [GET]", f"Exception on /user/{TOKEN}/2024 [GET]"),
        ("GET /user/%48eavyHelen?by=decade HTTP/1.1", f"GET /user/{TOKEN}?by=decade HTTP/1.1"),
        ("/%75ser%2FHeavyHelen%2F2024", f"/%75ser%2F{TOKEN}%2F2024"),
        ("/api/v1/users/HeavyHelen/years/2024", f"/api/v1/users/{TOKEN}/years/2024"),
        ("%2Fapi%2Fv1%2F%55ser%73%2FHeavyHelen", f"%2Fapi%2Fv1%2F%55ser%73%2F{TOKEN}"),
        ("https://site/user/HeavyHelen", f"https://site/user/{TOKEN}"),
        ("/2.0/?method=user.getInfo&user=HeavyHelen&x=1", f"/2.0/?method=user.getInfo&user={TOKEN}&x=1"),
        ("/user?name=HeavyHelen", f"/user?name={TOKEN}"),
        (f"Job listener-{HEX}: failed", f"Job listener-{TOKEN}: failed"),
        (f"introduction-{HEX}-2024", f"introduction-{TOKEN}-2024"),
        (f"remove-{HEX}", f"remove-{TOKEN}"),
        (
            "fetches: worker.jobs.fetch_year('HeavyHelen', 2024)",
            f"fetches: worker.jobs.fetch_year('{TOKEN}', 2024)",
        ),
        (
            "duplicate key\nDETAIL:  Key (name)=(HeavyHelen) exists.\nmore",
            "duplicate key\nDETAIL: (not logged)\nmore",
        ),
    ],
)
def test_names_are_found_where_names_are(text: str, hidden: str) -> None:
    assert HIDER.hide(text) == hidden
    assert HIDER.hide(text, ["HeavyHelen"]) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "Completed a year",
        'connection to server at "db", user "owner" failed',
        "fetch-0123456789abcdef0123456789abcdef",
        "/album/0f3c/users",
        "user.getRecentTracks",
    ],
)
def test_nothing_else_is_taken_for_a_name(text: str) -> None:
    assert HIDER.hide(text) == text


def test_a_line_without_a_known_name_may_hide_a_hash_of_one() -> None:
    assert "0123456789abcdef" not in HIDER.hide("rq:rate_limit:listener-0123456789abcdef")


@pytest.mark.parametrize("name", ["user", "e", "x.y", "jobs", "a-b", "worker"])
def test_a_name_that_is_a_word_hides_no_token_and_breaks_nothing(name: str) -> None:
    hidden = HIDER.hide(f"/user/{name}/2024 of {name}, not of {name}s", [name])
    token = HIDER.token(name)
    assert hidden == f"/user/{token}/2024 of {token}, not of {name}s"


def test_the_key_is_the_same_wherever_the_app_database_is_and_is_never_that_of_nothing() -> None:
    def key(**variables: str) -> bytes:
        settings: Settings = read_settings(variables, ())
        return settings.log_names_key

    database = "postgresql://me:secret@db.example.org/lastyear"
    assert key(DATABASE_URL=database) == key(DATABASE_URL=database, REDIS_URL="redis://x")
    assert key(DATABASE_URL=database) != key(DATABASE_URL=database + "x")
    assert key() != key()
    for guessed in ("postgresql:///lastyear", "postgresql://me@db.example.org/lastyear?sslmode=require"):
        assert key(DATABASE_URL=guessed) != key(DATABASE_URL=guessed)
    asked = "postgresql://me@db.example.org/lastyear?password=secret"
    assert key(DATABASE_URL=asked) == key(DATABASE_URL=asked)
