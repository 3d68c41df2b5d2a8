"""When something is wrong, the page says in one sentence what the listener can do now, and offers it there."""

import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.exceptions import TooManyRequests

from app.events import Failure
from app.jobs import removal
from app.jobs.queues import LineFull, QueueFull
from app.redis.allowance import REFUSED_KEY
from app.redis.event_stream import Snapshot, Topic, save_snapshot
from app.redis.mirror_note import MirrorNote, write_mirror_note
from app.web.errors import TEXTS, error_page
from app.web.visits.status import ListenerStatus, YearStatus
from app.web.words import wording
from app.web.words.wording import Explanation
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, SiteWith, event

YEAR, LISTENER = Topic("LightLuca", 2024), Topic("LightLuca")
PATHS = {YEAR: "/user/LightLuca/2024", LISTENER: "/user/LightLuca"}
ANOTHER, AGAIN = "Show the years", "Try again"
HIDDEN = (
    "If this is you: in Last.fm’s privacy settings, untick “Hide recent listening information”, and come back in"
    " five minutes."
)

OFFERS = {
    Failure.NO_SUCH_USER: ANOTHER,
    Failure.BARRED: ANOTHER,
    Failure.LISTENING_HIDDEN: "privacy settings",
    Failure.LASTFM_AWAY: AGAIN,
    Failure.LASTFM_REFUSES: AGAIN,
    Failure.BROKEN: AGAIN,
}
"""What the page of a year and the page of a listener offer after each failure. A renamed listener is followed."""
EXPLAINED = {"AWAY", "NOTHING_NEW", "QUEUE_FULL", "LINE_FULL", "ONLY_MONTHS_KEPT"}
"""What else there is to explain; the tests below show the page of each."""


class Sections(HTMLParser):
    """What each section of a page says, and what there is to press in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[list[str], list[str]]] = []
        self._offer: list[str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("section", "article"):
            self.found.append(([], []))
        if tag == "button" or (tag == "a" and dict(attrs).get("href")):
            self._offer = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("a", "button") and self._offer is not None and self.found:
            self.found[-1][1].append("".join(self._offer))
            self._offer = None

    def handle_data(self, data: str) -> None:
        if self.found:
            self.found[-1][0].append(data)
        if self._offer is not None:
            self._offer.append(data)


def offers(html: str, sentence: str) -> list[str]:
    """What is to be pressed in the section that says this, which is one sentence."""
    assert sentence.endswith(".")
    assert not re.search(r"[.!?]\s", sentence), sentence
    for words, pressed in Sections(html).found:
        if sentence in " ".join("".join(words).split()):
            return pressed
    raise AssertionError(f"no section says {sentence!r}")


def put(redis: Redis, topic: Topic, **fields: Any) -> None:
    said = event(**fields)
    save_snapshot(redis, topic, Snapshot(at=time.time(), username=topic.username, event=said))


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("topic", PATHS)
def test_after_every_failure_there_is_something_to_do(
    client: FlaskClient, redis: Redis, failure: Failure, topic: Topic
) -> None:
    new_name = "LucaNew" if failure is Failure.RENAMED else None
    put(redis, topic, phase="failed", error=failure, renamed_to=new_name)
    answer = client.get(PATHS[topic])
    if new_name:
        assert "/user/LucaNew" in answer.headers["Location"]
        return
    sentence = HIDDEN if failure is Failure.LISTENING_HIDDEN else wording.explained(failure).advice
    assert OFFERS[failure] in offers(answer.text, sentence)


@pytest.mark.parametrize("failure", [Failure.LASTFM_AWAY, Failure.LASTFM_REFUSES])
@pytest.mark.parametrize(("topic", "offer"), [(YEAR, "Go on now"), (LISTENER, "Look at another listener")])
def test_while_the_next_try_is_counted_down_there_is_too(
    client: FlaskClient, redis: Redis, failure: Failure, topic: Topic, offer: str
) -> None:
    redis.set(REFUSED_KEY, 1, ex=60)
    put(redis, topic, phase="failed", error=failure, next_try_at=time.time() + 800)
    page = client.get(PATHS[topic]).text
    assert (clock := re.search(r"Next try in <span[^>]*>([\d:]+)</span>", page))
    assert offer in offers(page, f"Next try in {clock[1]}; this page goes on by itself.")


def test_everything_that_is_explained_has_a_page_here() -> None:
    assert {name for name, value in vars(wording).items() if isinstance(value, Explanation)} == EXPLAINED
    assert set(OFFERS) == set(Failure) - {Failure.RENAMED}


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize(
    ("explained", "away"),
    [
        (wording.NOTHING_NEW, {"queue_away": True}),
        (wording.NOTHING_NEW, {"store_away": True}),
        (wording.QUEUE_FULL, {"queue_full": QueueFull()}),
        (wording.LINE_FULL, {"queue_full": LineFull()}),
    ],
)
def test_what_cannot_be_read_now_can_be_asked_for_again(
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    is_known: bool,
    explained: Explanation,
    away: dict[str, Any],
) -> None:
    known = event(phase="completed", years={1975: 9}, scrobbles=9, matched=9) if is_known else None
    counted = event(phase="completed", years={2024: 9}) if is_known else None
    monkeypatch.setattr("app.web.pages.year.year_status", lambda *_: YearStatus("LightLuca", known, **away))
    monkeypatch.setattr(
        "app.web.pages.listener.listener_status", lambda *_: ListenerStatus("LightLuca", counted, **away)
    )
    for path in PATHS.values():
        assert AGAIN in offers(client.get(path).text, explained.advice)


@pytest.mark.parametrize(("is_paused", "told"), [(False, wording.NO_WORKER), (True, wording.PAUSED)])
def test_while_nobody_reads_something_else_can_be_looked_at(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, is_paused: bool, told: str
) -> None:
    waits: dict[str, Any] = {"event": event(phase="queued"), "has_no_worker": True, "is_paused": is_paused}
    monkeypatch.setattr("app.web.pages.year.year_status", lambda *_: YearStatus("LightLuca", **waits))
    monkeypatch.setattr("app.web.pages.listener.listener_status", lambda *_: ListenerStatus("LightLuca", **waits))
    assert "See the other years" in offers(client.get(PATHS[YEAR]).text, told)
    assert "Look at another listener" in offers(client.get(PATHS[LISTENER]).text, told)


def test_a_whole_year_that_nobody_reads_again_says_why(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = event(phase="queued", was_whole=True, scrobbles=12, years={1975: 3}, matched=3)
    still = YearStatus("LightLuca", again, has_no_worker=True, is_paused=True)
    monkeypatch.setattr("app.web.pages.year.year_status", lambda *_: still)
    assert f"It is being read again. {wording.PAUSED}" in client.get(PATHS[YEAR]).text


def test_while_years_wait_for_the_mirror_it_is_shown_what_waits(client: FlaskClient, redis: Redis) -> None:
    put(redis, YEAR, phase="completed", scrobbles=12, years={1975: 3}, matched=3)
    away = (
        "9 plays are still to be looked up: our copy of MusicBrainz is away right now, and once it is back, the"
        " release years appear on this page by themselves."
    )
    assert "See the 9 unplaced plays" in offers(client.get(PATHS[YEAR]).text, away)
    write_mirror_note(redis, MirrorNote(release_groups=0))
    importing = (
        "This site is still importing MusicBrainz, the encyclopedia that knows when music came out, and 9 plays"
        " wait for it: you need not do anything, the years appear on this page by themselves."
    )
    assert "See what waits" in offers(client.get(PATHS[YEAR]).text, importing)


def test_a_page_that_is_followed_has_at_hand_what_it_says_when_the_site_is_out_of_reach(
    client: FlaskClient, redis: Redis
) -> None:
    put(redis, LISTENER, phase="fetching", years={2024: 9})
    assert "Try now" in offers(client.get(PATHS[LISTENER]).text, wording.LOST)


@pytest.mark.parametrize("status", TEXTS)
@pytest.mark.parametrize(
    "path", ["/nowhere", "/user/LightLuca", "/user/LightLuca/2024", "/user/LightLuca/2024/77"]
)
def test_every_error_page_leads_on(app: Flask, status: int, path: str) -> None:
    with app.test_request_context(path):
        page = error_page(status, *TEXTS[status]).get_data(as_text=True)
    assert offers(page, TEXTS[status][1])


def test_who_asks_too_much_is_told_in_one_sentence_when_to_come_back(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise TooManyRequests(retry_after=30)

    monkeypatch.setattr("app.web.pages.listener.listener_status", refuse)
    told = "Wait 30 seconds, then try again; charts that are here already can be opened at any time."
    assert AGAIN in offers(client.get(PATHS[LISTENER]).text, told)


def test_a_part_that_is_away_can_be_tried_again(site_with: SiteWith) -> None:
    page = site_with(redis_url=NO_REDIS, database_url=NO_DATABASE).get("/user/LightLuca/2024/1977").text
    assert AGAIN in offers(page, wording.AWAY.advice)


def test_a_name_that_cannot_be_can_be_typed_again(client: FlaskClient) -> None:
    told = "Check the spelling: Last.fm names have letters, digits, dots, dashes and underscores."
    assert ANOTHER in offers(client.get("/user/.hidden").text, told)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("not_proven", "Save the profile at Last.fm, wait a minute, and try again."),
        ("no_answer", "Nothing was deleted, so try again in a minute."),
    ],
)
def test_a_removal_that_failed_can_be_tried_again(
    client: FlaskClient, redis: Redis, monkeypatch: pytest.MonkeyPatch, state: str, told: str
) -> None:
    asked = removal.ask(redis, "LightLuca").model_copy(update={"state": state})
    monkeypatch.setattr(removal, "find", lambda *_: asked)
    page = client.get("/user/LightLuca/remove").text
    assert "Delete everything for good" in page
    assert told in page
