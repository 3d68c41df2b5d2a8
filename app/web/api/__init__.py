"""The API: what the pages show, as JSON under an address with a version. To look is to ask for, as on a page."""

import re

from flask import Blueprint, Response, jsonify, render_template, request
from pydantic import BaseModel

from app.fetches import FAILURES
from app.progress import Failure
from app.store import StoreAway, heard, listeners
from app.store.heard import Breadth, Heard, Span, Stretch
from app.store.scrobbles import year_bounds
from app.web.api.answers import TROUBLES, Album, Albums, Listener, Year, YearInShort, trouble
from app.web.api.document import ERRORS, PREFIX, RELEASED, UNKNOWN, document
from app.web.choice import ALBUMS, SONGS, Choice
from app.web.errors import AWAY, Code, Problem
from app.web.history import look_back
from app.web.pages import STATUS, listener_name, listening_year_of, private
from app.web.site import site
from app.web.visits import Visit, visit_listener, visit_year

blueprint = Blueprint("api", __name__)

SOON = 3
"""Seconds after which a program may look again at what is on its way."""
ROWS = 200  # on one page


@blueprint.get("/api")
def about() -> str:
    """The API for people."""
    return render_template("api.html", document=document(), errors=ERRORS)


@blueprint.get(f"{PREFIX}/openapi.json")
def openapi() -> Response:
    """The API for programs."""
    return jsonify(document())


@blueprint.get(f"{PREFIX}/users/<name>")
def listener(name: str) -> Response:
    """The listener's years, with what is stored of each."""
    visit = visit_listener(site(), listener_name(name))
    past = look_back(site(), visit.username, visit.event.years if visit.event else {})
    if not past or _failure(visit) is Failure.NO_SUCH_USER:
        _raise_for(visit)
    is_counted = visit.event is not None and not visit.running
    answer = Listener(
        username=visit.username,
        state="counted" if is_counted or visit.queue_away else "counting",
        years=[YearInShort.of(one) for one in past],
        trouble=trouble(visit),
    )
    return _answer(answer, is_whole=answer.state == "counted" and not any(one.is_running for one in past))


@blueprint.get(f"{PREFIX}/users/<name>/years/<year>")
def year(name: str, year: str) -> Response:
    """How the year stands, by albums or by songs; a worker is sent after one that is missing or old."""
    visit, answer = _visited(name, year)
    return _answer(answer, is_whole=not _is_running(visit))


@blueprint.get(f"{PREFIX}/users/<name>/years/<year>/albums")
def year_albums(name: str, year: str) -> Response:
    """The albums behind a release year, behind several, or behind none."""
    span, page = _span(), _page()
    visit, stands = _visited(name, year)
    breadths, rows = _behind(stands, span, page) if stands.plays else ([], [])
    found = Albums(
        username=stands.username,
        year=stands.year,
        of=stands.of,
        has_songs=stands.has_songs,
        released=request.args["released"],
        plays=sum(one.plays for one in breadths),
        page=page,
        pages=max(1, -(-sum(one.rows for one in breadths) // ROWS)),
        albums=[Album.of(row) for row in rows],
    )
    return _answer(found, is_whole=not _is_running(visit))


def _visited(name: str, year: str) -> tuple[Visit, Year]:
    choice, listening_year = _choice(), listening_year_of(year)
    visit = visit_year(site(), listener_name(name), listening_year)
    if visit.event is None or not visit.event.scrobbles:
        _raise_for(visit)
    return visit, Year.seen(visit, listening_year, choice)


def _behind(stands: Year, released: Span | None, page: int) -> tuple[list[Breadth], list[Heard]]:
    """How much counts for these release years, and one page of it."""
    site().budget.spend("albums")
    try:
        with site().pool.connection() as connection:
            listener = listeners.find(connection, stands.username)
            if listener is None:  # all there is is a preview
                return [], []
            stretch = Stretch(listener.id, *year_bounds(stands.year), stands.of == SONGS)
            rows = heard.heard(connection, stretch, released, limit=ROWS, offset=ROWS * (page - 1))
            return heard.breadth(connection, stretch, released), rows
    except StoreAway:
        raise Problem(503, "The albums cannot be shown right now", "Our database does not answer.") from None


def _choice() -> Choice:
    text = request.args.get("of", ALBUMS)
    if text in (ALBUMS, SONGS):
        return Choice(by_song=text == SONGS)
    raise _bad("of", f"{ALBUMS} or {SONGS}")


def _span() -> Span | None:
    text = request.args.get("released", "")
    if text == UNKNOWN:
        return None
    if re.fullmatch(RELEASED, text):
        return int(text[:4]), int(text[-4:])
    raise _bad("released", "a year as 1977, several as 1970-1979, or unknown")


def _page() -> int:
    text = request.args.get("page", "1")
    if re.fullmatch("[1-9][0-9]{0,4}", text):
        return int(text)
    raise _bad("page", "a number from 1 to 99999")


def _bad(parameter: str, wanted: str) -> Problem:
    return Problem(400, f"{parameter} cannot be that", f"It should be {wanted}.", code=Code.BAD_REQUEST)


def _failure(visit: Visit) -> Failure | None:
    return visit.event.error if visit.event else None


def _raise_for(visit: Visit) -> None:
    """Raises Problem where what stands in the way of a visit left nothing to show."""
    if failure := _failure(visit):
        code, message = TROUBLES[failure]
        status = STATUS[failure]
        again = int(FAILURES[failure].total_seconds()) if status == 503 else 0
        raise Problem(
            status, message.rstrip("."), "Nothing is stored to be shown instead.", code=code, again=again
        )
    if visit.event is None and (visit.queue_away or visit.store_away):
        raise Problem(503, "A part of this site does not answer", f"Try again in {AWAY} seconds.")


def _is_running(visit: Visit) -> bool:
    return visit.running or visit.event is None


def _answer(said: BaseModel, *, is_whole: bool) -> Response:
    """200 where it stands as it is, 202 where more is on its way."""
    answer = private(Response(said.model_dump_json(), 200 if is_whole else 202, content_type="application/json"))
    if not is_whole:
        answer.headers["Retry-After"] = str(SOON)
    return answer
