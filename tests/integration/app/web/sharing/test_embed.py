"""Embeds and badges: they may be shown anywhere, say what is here, and start nothing."""

import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.exceptions import TooManyRequests

from app.charts.palette import COLOURS, DARK, STYLE
from app.events import Failure
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from tests.integration.app.web.conftest import NO_DATABASE, Jobs, SiteWith, event

EMBED, BADGE = "/embed/SingleSam/2023", "/user/SingleSam/2023/badge.svg"
YEARS = {year: 10 + year % 7 for year in range(1960, 2024)}
Put = Callable[..., None]


@pytest.fixture
def put(redis: Redis) -> Put:
    """Makes SingleSam's 2023 stand like that."""

    def store(**fields: object) -> None:
        plays = sum(YEARS.values())
        known = {"phase": "completed", "years": YEARS, "scrobbles": plays, "expected": plays, "matched": plays}
        said = event(**{**known, **fields})
        snapshot = Snapshot(at=time.time() - 90 * 86_400, username="SingleSam", event=said)
        save_snapshot(redis, Topic("SingleSam", 2023), snapshot)

    return store


def test_the_embed_may_be_framed_by_anybody_and_has_neither_script_nor_cookie(
    put: Put, site_with: SiteWith
) -> None:
    put()
    answer = site_with(database_url=NO_DATABASE).get(EMBED)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in answer.headers
    assert "<script" not in answer.text
    assert '<base target="_top">' in answer.text
    assert '<link rel="icon"' in answer.text
    assert 'href="/user/SingleSam/2023"' in answer.text
    assert "Half of the music SingleSam played in 2023 came out by 1992." in answer.text
    assert "data-theme" not in answer.text
    assert "http-equiv" not in answer.text
    assert len(answer.data) < 20_000


def test_all_other_pages_still_refuse_to_be_framed(put: Put, client: FlaskClient) -> None:
    put()
    for path in ("/", "/user/SingleSam/2023", "/user/SingleSam/2023/share", BADGE, "/user/SingleSam/2023.png"):
        assert "frame-ancestors 'none'" in client.get(path).headers["Content-Security-Policy"], path


def test_the_embed_counts_as_is_asked_for(put: Put, client: FlaskClient) -> None:
    put()
    assert 'data-theme="dark"' in client.get(f"{EMBED}?theme=dark").text
    assert 'id="b1960-1969"' in client.get(f"{EMBED}?by=decade").text


def test_what_is_not_counted_is_not_asked_for(client: FlaskClient, jobs: Jobs) -> None:
    answer = client.get(
        "/embed/LightLuca/2024", headers={"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 200
    assert "Not counted yet." in answer.text
    assert "not counted yet" in client.get("/user/LightLuca/2024/badge.svg").text
    assert "Not counted yet." in client.get("/embed/LightLuca/2024").text, "whoever asks"
    assert jobs() == 0


def test_an_embed_of_a_year_that_grows_says_how_far_it_is_and_looks_again(put: Put, client: FlaskClient) -> None:
    put(phase="fetching", expected=5_000)
    page = client.get(EMBED).text
    assert "so far, 831 of 5,000 plays" in page or "of 5,000 plays" in page
    assert '<meta http-equiv="refresh" content="60">' in page
    put(phase="fetching", years={}, scrobbles=0, matched=0)
    assert "still being counted" in client.get(EMBED).text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"{EMBED}?theme=x", 400, "There is no such theme"),
        ("/embed/.hidden/2023", 404, "That cannot be a Last.fm name"),
        ("/embed/SingleSam/1999", 404, "There is no such year"),
    ],
)
def test_bad_input_is_told_within_the_frame(client: FlaskClient, path: str, status: int, said: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert said in answer.text
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert "embed.css" in answer.text


def test_a_reader_who_opens_too_many_is_told_within_the_frame(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise TooManyRequests(retry_after=7)

    monkeypatch.setattr("app.web.sharing.embed.year_status", refuse)
    answer = client.get(EMBED)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert "Too many requests at once" in answer.text
    assert "embed.css" in answer.text
    assert "<form" not in answer.text


def test_of_nobody_the_frame_says_so(put: Put, client: FlaskClient) -> None:
    put(phase="failed", error=Failure.NO_SUCH_USER, years={}, scrobbles=0, matched=0)
    answer = client.get(EMBED)
    assert (answer.status_code, "Last.fm knows no listener of that name" in answer.text) == (404, True)


def test_a_badge_is_small_says_the_middle_year_and_may_be_kept_for_an_hour(put: Put, site_with: SiteWith) -> None:
    put()
    client = site_with(database_url=NO_DATABASE)
    answer = client.get(BADGE)
    assert answer.content_type == "image/svg+xml"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(answer.data) < 1_500
    root = ElementTree.fromstring(answer.data)  # noqa: S314  our own
    assert "my music of 2023: 1992 · middle year" in "".join(root.itertext())
    assert 100 < int(root.get("width", "0")) < 400
    again = client.get(BADGE, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"phase": "fetching", "expected": 9_999}, "1992 · middle year so far"),
        ({"years": {}, "scrobbles": 0, "matched": 0}, "no plays"),
        ({"years": {}, "matched": 0}, "no release years known"),
    ],
)
def test_a_badge_claims_no_more_than_is_known(
    put: Put, client: FlaskClient, fields: dict[str, object], said: str
) -> None:
    put(**fields)
    assert said in client.get(BADGE).text


def test_the_embed_has_the_colours_of_the_pages() -> None:
    css = (STYLE.parent / "embed.css").read_text(encoding="utf-8")
    for name in ("paper", "ink", "muted", "line", "accent", "own", "band"):
        assert css.count(f"--{name}: {COLOURS[name]};") == 1
        assert css.count(f"--{name}: {DARK[name]};") == 2, "by theme, and by what the reader prefers"
