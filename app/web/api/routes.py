"""The routes of the API: a listener, their years, their albums, and what is said of these."""

import re

from flask import Blueprint, Response, jsonify, render_template, request
from pydantic import BaseModel

from app.charts.release_years import ReleaseYears
from app.events import Failure
from app.periods import Period, read_period
from app.redis.event_stream import Topic
from app.store import listeners
from app.store.plays.play_filter import PlayFilter
from app.web.album_lists import AlbumListPage, ReleasedPage, album_list_page, released_page
from app.web.all_years import ListenerYear, eras_of, listener_years
from app.web.api.answers.albums import Album, Albums
from app.web.api.answers.common import trouble, why_nothing_new
from app.web.api.answers.insights import YearInsights
from app.web.api.answers.listener import Listener, YearInShort
from app.web.api.answers.over_years import EraInShort, Eras, Released, ReleasedAlbum, listened_plays
from app.web.api.answers.year import NOTHING, Year
from app.web.api.document import BUDGET, ERRORS, ERRORS_OF_A_BODY, PREFIX, UNKNOWN, document
from app.web.api.questions import MAX_ITEMS
from app.web.context import context
from app.web.errors import Code, Problem
from app.web.insights import read_albums, year_insights
from app.web.routing import listener_name, listening_year_of, private, release_years_of
from app.web.visits.listener_status import listener_status
from app.web.visits.part_of_year import part_of_year
from app.web.visits.snapshots import Renamed
from app.web.visits.status import ListenerStatus, YearStatus
from app.web.visits.year_status import year_status
from app.web.words import wording
from app.web.words.chart_options import ALBUMS, SONGS, ChartOptions, today
from app.web.words.summary import summarize

blueprint = Blueprint("api", __name__)

RETRY_SECONDS = 3
"""After which a program may ask again for what is being fetched."""


@blueprint.get("/api")
def about() -> str:
    """Describe the API for people."""
    return render_template(
        "api.html",
        document=document(),
        errors=ERRORS,
        errors_of_a_body=ERRORS_OF_A_BODY,
        max_items=MAX_ITEMS,
        budget=BUDGET,
    )


@blueprint.get(f"{PREFIX}/openapi.json")
def openapi() -> Response:
    """Describe the API for programs."""
    return jsonify({**document(), "servers": [{"url": context().settings.site_url + PREFIX}]})


@blueprint.get(f"{PREFIX}/users/<name>")
def listener(name: str) -> Response:
    """Return the listener's years, with what is stored of each."""
    status, years = _read_listener(name)
    answer = Listener(
        username=status.username,
        state="counting" if status.waits else "counted",
        years=[YearInShort.of(one) for one in years],
        trouble=trouble(status),
    )
    return _answer(answer, _years_again_after(status, years))


@blueprint.get(f"{PREFIX}/users/<name>/eras")
def eras(name: str) -> Response:
    """Return how old the music of each listening year was, as far as the years are stored."""
    options = _options()
    status, years = _read_listener(name)
    has_songs = any(one.song_plays for one in years)
    options = ChartOptions(by_song=options.by_song and has_songs)
    plays = {one.year: one.scrobbles for one in years}
    answer = Eras(
        username=status.username,
        of=options.counted_by,
        has_songs=has_songs,
        eras=[EraInShort.of(era, plays[era.year]) for era in eras_of(years, options)],
        trouble=trouble(status),
    )
    return _answer(answer, _years_again_after(status, years))


@blueprint.get(f"{PREFIX}/users/<name>/released/<released>")
def released(name: str, released: str) -> Response:
    """Return a page of everything that is stored from some release years. Nothing is fetched for it."""
    options, years, number = _options(), release_years_of(released), _page_number()
    status, all_years = _read_listener(name)
    has_songs = any(one.song_plays for one in all_years)
    options = ChartOptions(by_song=options.by_song and has_songs)
    context().rate_limits.hit("albums")
    with context().pool.connection() as connection:
        page = released_page(connection, status.username, years, number, options)
    page = page or ReleasedPage(number, username=status.username)
    answer = Released(
        username=page.username,
        of=options.counted_by,
        has_songs=has_songs,
        released=released,
        plays=page.plays,
        page=number,
        pages=max(number, page.pages),
        listened=listened_plays(page.listened),
        only_counted=listened_plays(page.removed),
        albums=[ReleasedAlbum.over_years(row) for row in page.rows],
    )
    return _answer(answer, _years_again_after(status, all_years))


def _read_listener(name: str) -> tuple[ListenerStatus, list[ListenerYear]]:
    name = listener_name(name)
    try:
        status = listener_status(context(), name)
    except Renamed as renamed:
        status = listener_status(context(), renamed.new)
    years = listener_years(context(), status.username, status.event.years if status.event else {})
    if not years or _failure(status) in (Failure.NO_SUCH_USER, Failure.BARRED):
        _raise_for(status)
    return status, years


def _years_again_after(status: ListenerStatus, years: list[ListenerYear]) -> int:
    """Return after how many seconds there will be more of the years; 0 if nothing more is to come."""
    if status.waits or any(one.is_running for one in years):
        return RETRY_SECONDS
    return min((one.next_try for one in years if one.next_try), default=0)


@blueprint.get(f"{PREFIX}/users/<name>/years/<year>")
def year(name: str, year: str) -> Response:
    """Return the year as far as it is known; a missing or outdated one is fetched."""
    status, answer = _read_year(name, year, _options(year))
    return _answer(answer, _again_after(status))


@blueprint.get(f"{PREFIX}/users/<name>/years/<year>/insights")
def insights(name: str, year: str) -> Response:
    """Return what the year says about its listener. What Redis has forgotten is read from the database."""
    options = _options()
    status, read = _read_year(name, year, options)
    event = status.event or NOTHING
    summary = summarize(event, read.year, status.username, options)
    found = year_insights(context(), event, summary)
    if found is not None and found.highlights is None:
        context().rate_limits.hit("albums")
        by_song = summary.options.by_song
        read_albums(context(), Topic(status.username, read.year), event, by_song=by_song)
        found = year_insights(context(), event, summary)
    return _answer(YearInsights.of_year(summary, found), _again_after(status))


@blueprint.get(f"{PREFIX}/users/<name>/years/<year>/albums")
def year_albums(name: str, year: str) -> Response:
    """Return a page of the albums that count for some release years, or for none."""
    released, number, options = _released(), _page_number(), _options(year)
    status = _read_status(name, year)
    if status.event and status.event.only_counted:
        # Nothing has to be counted of the part that is asked for: its plays are read again.
        found = Year.of_status(status, listening_year_of(year), options)
        status = year_status(context(), found.username, found.year, "plays")
        page = AlbumListPage(number)
    else:
        found = _read_part(status, listening_year_of(year), options)
        page = _list_page(found, options.period, released, number) if found.plays else AlbumListPage(number)
    answer = Albums(
        username=found.username,
        year=found.year,
        of=found.of,
        has_songs=found.has_songs,
        whole=found.whole,
        released=request.args["released"],
        plays=page.plays,
        period=found.period,
        page=number,
        pages=page.pages,
        albums=[Album.of(row) for row in page.rows],
        only_counted=found.only_counted,
    )
    return _answer(answer, _again_after(status))


def _read_year(name: str, year: str, options: ChartOptions) -> tuple[YearStatus, Year]:
    status = _read_status(name, year)
    return status, _read_part(status, listening_year_of(year), options)


def _read_part(status: YearStatus, year: int, options: ChartOptions) -> Year:
    return Year.of_status(part_of_year(context(), status, year, options.period), year, options)


def _read_status(name: str, year: str) -> YearStatus:
    name, listening_year = listener_name(name), listening_year_of(year)
    try:
        status = year_status(context(), name, listening_year)
    except Renamed as renamed:
        status = year_status(context(), renamed.new, listening_year)
    if status.event is None or not status.event.scrobbles:
        _raise_for(status)
    return status


def _list_page(year: Year, period: Period | None, released: ReleaseYears | None, number: int) -> AlbumListPage:
    """Read a page of the list of these release years. A preview has none."""
    context().rate_limits.hit("albums")
    with context().pool.connection() as connection:
        listener = listeners.find(connection, year.username)
        if listener is None:
            return AlbumListPage(number)
        by_song = year.of == SONGS
        return album_list_page(connection, PlayFilter(listener.id, year.year, by_song, period), released, number)


def _options(year: str = "") -> ChartOptions:
    """Read the options of an answer, about a year if one is given. Raises Problem, BadPeriod."""
    text = request.args.get("of", ALBUMS)
    period = read_period(request.args, listening_year_of(year), today()) if year else None
    if text in (ALBUMS, SONGS):
        return ChartOptions(by_song=text == SONGS, period=period)
    raise _bad_parameter("of", f"{ALBUMS} or {SONGS}")


def _released() -> ReleaseYears | None:
    text = request.args.get("released", "")
    released = ReleaseYears.parse(text)
    if released or text == UNKNOWN:
        return released
    raise _bad_parameter("released", "a year as 1977, several as 1970-1979, or unknown")


def _page_number() -> int:
    text = request.args.get("page", "1")
    if re.fullmatch("[1-9][0-9]{0,4}", text):
        return int(text)
    raise _bad_parameter("page", "a number from 1 to 99999")


def _bad_parameter(parameter: str, wanted: str) -> Problem:
    return Problem(400, f"The value of {parameter} is invalid", f"It should be {wanted}.", code=Code.BAD_REQUEST)


def _failure(status: ListenerStatus) -> Failure | None:
    return status.event.error if status.event else None


def _raise_for(status: ListenerStatus) -> None:
    """Raise Problem if there is nothing to return because of a failure or because something is away."""
    if failure := _failure(status):
        raise Problem(
            failure.status,
            wording.explained(failure).headline,
            "Nothing is stored that could be returned instead.",
            code=Code(failure.code),
            again=(status.next_try or int(failure.retry_after.total_seconds())) if failure.status == 503 else 0,
        )
    if status.is_unasked:
        raise Problem(404, "This is not counted yet", "A GET of its own has it counted.", code=Code.NOT_COUNTED)
    if status.event is None and status.is_away:
        raise Problem(503, *why_nothing_new(status), again=status.try_again_after)


def _again_after(status: YearStatus) -> int:
    """Return after how many seconds there will be more of the year; 0 if nothing more is to come."""
    if status.waits:
        return RETRY_SECONDS
    return 0 if status.event and status.event.is_whole else status.next_try


def _answer(answer: BaseModel, again_after: int) -> Response:
    """Respond with 200, or with 202 if there will be more after so many seconds."""
    status = 202 if again_after else 200
    response = private(Response(answer.model_dump_json(), status, content_type="application/json"))
    if again_after:
        response.headers["Retry-After"] = str(again_after)
    return response
