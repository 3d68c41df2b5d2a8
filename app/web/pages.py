"""The pages a listener sees: the landing page, their years, a year's chart."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, abort, jsonify, make_response, redirect, render_template, request, url_for
from redis.exceptions import RedisError
from werkzeug.wrappers import Response as BaseResponse

from app import wishes
from app.fetches import FIRST_YEAR, QueueAway, ahead
from app.progress import Event, Failure, MirrorNote, Topic, latest, mirror_note
from app.store import StoreAway
from app.web import words
from app.web.address import is_same_origin
from app.web.choice import AS_IT_IS, chosen
from app.web.compare import compare
from app.web.errors import Code, Problem
from app.web.example import LISTENING_YEAR, example
from app.web.heat import draw, moved
from app.web.history import look_back
from app.web.site import site
from app.web.view import table, view
from app.web.visits import Visit, visit_listener, visit_year

blueprint = Blueprint("pages", __name__)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
PROFILE = re.compile(r"last\.fm/(?:[a-z]{2}/)?user/([^/?#\s]+)")
NOTHING_NEW = (
    "Nothing can be fetched right now",
    "A part of this site does not answer. What is stored stays: try again in a minute.",
)
STATUS = {
    Failure.NO_SUCH_USER: 404,
    Failure.LISTENING_HIDDEN: 403,
    Failure.LASTFM_AWAY: 503,
    Failure.LASTFM_REFUSES: 503,
    Failure.BROKEN: 500,
}


@blueprint.get("/")
def landing() -> str:
    """A name, a button, what this is."""
    return render_template("landing.html", example=example(), year=LISTENING_YEAR)


@blueprint.get("/about")
def about() -> str:
    """How it works, what the numbers mean, whose data it is."""
    return render_template("about.html", contact=site().settings.contact)


@blueprint.get("/user")
def find() -> BaseResponse:
    """From the landing page's form to the listener's years."""
    return redirect(url_for(".years", name=listener_name(named(request.args.get("name", "")))), 303)


@blueprint.get("/user/<name>")
def years(name: str) -> tuple[Response, int] | Response:
    """The years of a listener, the newest first, with counts as they come in."""
    visit = visit_listener(site(), listener_name(name))
    failure = visit.event.error if visit.event else None
    past = look_back(site(), visit.username, visit.event.years if visit.event else {})
    if failure is Failure.LISTENING_HIDDEN:
        past = [one for one in past if one.is_whole]  # the others would only say the same once more
    page = make_response(
        render_template(
            "years.html",
            visit=visit,
            failure=failure,
            past=past,
            heat=draw({one.year: one.plays for one in past}),
            moved=moved,
            waiting={one.year: _fetches_ahead(one.event) for one in past if one.event and one.is_running},
            live=_waits(visit) or any(one.is_running for one in past),
        )
    )
    if not past and (failure or visit.queue_away):
        page.status_code = STATUS[failure] if failure else 503
    return private(page)


@blueprint.post("/user/<name>/missing")
def fetch_missing(name: str) -> BaseResponse:
    """Fetches every year that is not stored yet, one after the other."""
    if not is_same_origin(request):
        abort(403, "This can only be asked for from the page itself.")
    username = listener_name(name)
    site().budget.spend("all years")
    visit = visit_listener(site(), username)
    past = look_back(site(), username, visit.event.years if visit.event else {})
    try:
        wishes.wish(site().redis, username, [one.year for one in past if one.is_missing])
        with site().pool.connection() as connection:
            wishes.go_on(connection, site().redis, username)
    except (RedisError, QueueAway, StoreAway):
        raise Problem(503, *NOTHING_NEW) from None
    return redirect(url_for(".years", name=visit.username), 303)


@blueprint.get("/user/<name>/<year>")
def year(name: str, year: str) -> Response:
    """The chart of a year, or how far it is; `by=decade` draws decades, `of=songs` counts by the songs' own years,
    `with=OTHER` draws another's beside it."""
    username, listening_year = listener_name(name), listening_year_of(year)
    other = other_than(username)
    if other:
        return private(make_response(compare(username, other, listening_year, chosen(other))))
    held = site().shelf.take(username, listening_year, _drawing())
    if held is not None:
        return private(Response(held))
    return private(_year_page(visit_year(site(), username, listening_year), listening_year))


@blueprint.get("/user/<name>/<year>.json")
def year_json(name: str, year: str) -> Response:
    """The same numbers as data."""
    username, listening_year = listener_name(name), listening_year_of(year)
    visit = visit_year(site(), username, listening_year)
    event = chosen().seen(visit.event).counted(visit.event).model_dump(mode="json") if visit.event else None
    answer = jsonify(username=visit.username, year=listening_year, progress=event)
    answer.status_code = _status(visit)
    return private(answer)


@blueprint.get("/user/<name>/<year>.csv")
def year_csv(name: str, year: str) -> BaseResponse:
    """Plays by release year as a table, the oldest first, and in the end those without one."""
    username, listening_year = listener_name(name), listening_year_of(year)
    visit = visit_year(site(), username, listening_year)
    event = visit.event
    if event is None or event.preview or not (event.scrobbles or event.phase == "completed"):
        return redirect(url_for(".year", name=username, year=listening_year))
    choice = chosen().seen(event)
    answer = Response(table(choice.counted(event)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="{visit.username}-{listening_year}{"-songs" * choice.by_song}.csv"'
    )
    return private(answer)


@blueprint.post("/user/<name>/<year>/refresh")
def refresh(name: str, year: str) -> BaseResponse:
    """Fetches a year anew; what is stored stays until each part of it is replaced."""
    if not is_same_origin(request):
        abort(403, "This can only be asked for from the page itself.")
    username, listening_year = listener_name(name), listening_year_of(year)
    site().shelf.drop(username, listening_year)
    site().budget.spend("refresh")
    visit = visit_year(site(), username, listening_year, anew=True)
    if visit.queue_away or visit.store_away:
        raise Problem(503, *NOTHING_NEW)
    return redirect(url_for(".year", name=visit.username, year=listening_year), 303)


def listener_name(name: str) -> str:
    """The name, if it can be one. Raises Problem."""
    if not NAME.fullmatch(name):
        raise Problem(
            404,
            "That is no Last.fm name",
            "Last.fm's names have letters, digits, dots, dashes and underscores. Check the spelling.",
            code=Code.NO_SUCH_NAME,
        )
    return name


def listening_year_of(text: str) -> int:
    """The year, if Last.fm can have scrobbles in it. Raises Problem."""
    this_year = datetime.now(UTC).year
    if text.isascii() and text.isdigit() and FIRST_YEAR <= int(text[:6]) <= this_year and len(text) == 4:
        return int(text)
    advice = f"Last.fm counts scrobbles since {FIRST_YEAR}, and it is {this_year} now."
    raise Problem(404, "No such year", advice, code=Code.NO_SUCH_YEAR)


def named(text: str) -> str:
    """The name in what somebody typed or pasted: a name, one with an @, the address of a profile."""
    profile = PROFILE.search(text)
    return profile[1] if profile else text.strip().removeprefix("@")


def other_than(username: str) -> str:
    """Whom the year is to be compared with; nobody where that is the listener. Raises Problem."""
    other = named(request.args.get("with", ""))
    return other if other and listener_name(other).casefold() != username.casefold() else ""


def private(page: Response) -> Response:
    """The page as one about a listener: for no search engine, for no cache but the visitor's own."""
    page.headers["X-Robots-Tag"] = "noindex, nofollow"
    page.headers["Cache-Control"] = "private, no-cache"
    return page


def _drawing() -> str:
    """What makes one page of a year unlike another: pages name the address of their picture in full."""
    return f"{chosen().query} {request.host_url}"


def _waits(visit: Visit) -> bool:
    return visit.running or (visit.event is None and not visit.queue_away)


def _year_page(visit: Visit, listening_year: int) -> Response:
    event = visit.event
    note = None if visit.queue_away else what_the_mirror_holds()
    importing = note is not None and note.empty and event is not None and event.pending > 0
    page = make_response(_draw(visit, listening_year, note, importing=importing))
    page.status_code = _status(visit)
    # What waits for an import is to be drawn anew the moment that ends.
    if (
        event is not None
        and event.phase == "completed"
        and not (visit.queue_away or visit.store_away or importing)
    ):
        site().shelf.put(visit.username, listening_year, page.get_data(), _drawing())
    return page


def _status(visit: Visit) -> int:
    """Something to show is a success, whatever keeps it from being newer."""
    event = visit.event
    if event is None:
        return 503 if visit.queue_away or visit.store_away else 200
    return STATUS[event.error] if event.error and not event.scrobbles else 200


def _draw(visit: Visit, listening_year: int, note: MirrorNote | None, *, importing: bool) -> str:
    event = visit.event
    waiting = 0 if visit.queue_away or event is None else _fetches_ahead(event)
    until = visit.until(listening_year)
    seen = view(event, listening_year, visit.username, chosen(), until) if event else None
    return render_template(
        "year.html",
        visit=visit,
        event=event,
        year=listening_year,
        view=seen,
        choice=seen.choice if seen else AS_IT_IS,
        words=words,
        until=until,
        neighbours=_neighbours(visit, listening_year),
        waiting=waiting,
        live=_waits(visit),
        follows=_waits(visit) or importing,
        importing=importing,
        small_mirror=note.release_groups if note and note.small else 0,
    )


def _neighbours(visit: Visit, listening_year: int) -> tuple[int | None, int | None]:
    """The years before and after it in which the listener has plays, as far as they are counted."""
    try:
        census = None if visit.queue_away else latest(site().redis, Topic(visit.username))
    except RedisError:
        census = None
    years = [int(year) for year, plays in census.event.years.items() if plays] if census else []
    before = max((year for year in years if year < listening_year), default=None)
    return before, min((year for year in years if year > listening_year), default=None)


def _fetches_ahead(event: Event) -> int:
    if event.phase != "queued":
        return 0
    try:
        return ahead(site().redis, event.run)
    except QueueAway:
        return event.queued_ahead


def what_the_mirror_holds() -> MirrorNote | None:
    """The workers' last note of it, if there is one."""
    try:
        return mirror_note(site().redis)
    except RedisError:
        return None


@lru_cache
def asset(name: str) -> str:
    """The address of a static file, with a digest of its content, so that browsers may keep it for ever."""
    digest = sha256((Path(__file__).parent / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"


@blueprint.app_context_processor
def _helpers() -> dict[str, object]:
    return {"asset": asset, "Failure": Failure}
