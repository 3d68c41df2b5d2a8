"""The lists of albums: of a bar, which is one release year or several, and of the plays without one."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from app.charts.release_years import ReleaseYears
from app.events import YearCounts
from app.formatting import so_far
from app.periods import Period
from app.redis.event_stream import Topic
from app.store import fetch_jobs, listeners
from app.store.plays import scrobbles
from app.store.plays.album_plays import AlbumPlays
from app.store.plays.play_filter import PlayFilter
from app.web.album_lists import AlbumListPage, album_list_page
from app.web.context import context
from app.web.errors import Problem
from app.web.routing import (
    listener_name,
    listening_year_of,
    no_such_page,
    page_number,
    private,
    release_years_of,
)
from app.web.visits.introductions import is_stored
from app.web.visits.snapshots import fetches_ahead, latest_event, mirror_note
from app.web.visits.status import YearStatus
from app.web.visits.year_status import year_status
from app.web.words.chart_options import ChartOptions, requested_options

blueprint = Blueprint("release_year", __name__)


class ReleaseYearsConverter(BaseConverter):
    """What may follow a year's address: all but its actions, which answer a wrong method by themselves."""

    regex = r"(?!(?:live|resume|refresh)$)[^/]+"
    part_isolating = True


@blueprint.record_once
def _add_converter(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["released"] = ReleaseYearsConverter


class Section(NamedTuple):
    """Rows of one kind that follow each other: albums, songs with a year of their own, songs without an album."""

    is_pending: bool
    are_songs: bool
    are_apart: bool
    rows: Sequence[AlbumPlays]

    @property
    def groups(self) -> list[list[AlbumPlays]]:
        """Songs by their album or, without one, by their artist, in their order."""
        return [list(rows) for _, rows in groupby(self.rows, key=attrgetter("listed_as"))]


class _Found(NamedTuple):
    """A page of a list, and the listening year that it is of."""

    username: str
    counts: YearCounts
    so_far: str
    """How many plays are here of a year that is not whole, as far as that is known."""
    options: ChartOptions
    period: Period
    page: AlbumListPage
    run: str
    """Which run the list is of, as far as Redis knows."""


@blueprint.get("/user/<name>/<year>/<released:bar>")
def show(name: str, year: str, bar: str) -> Response:
    """Show the albums of a bar, the most played first: of a release year, or of several as in 1970-1979."""
    username, listening_year = listener_name(name), listening_year_of(year)
    released = release_years_of(bar)
    found = _find(username, listening_year, released)
    if isinstance(found, YearStatus):
        return _plays_removed(found, listening_year, f"music from {released.name}")
    if found is None:
        return redirect(_chart(username, listening_year))
    if not found.page.plays:
        advice = f"Nothing {found.username} played {found.period.during} is known to have come out then."
        raise Problem(404, f"No music from {released.name}", advice)
    years = found.options.years_of(found.counts)
    return _render(
        "release_year.html",
        found,
        year=listening_year,
        released=released,
        placed=sum(years.values()),
        before=released.before(years),
        after=released.after(years),
    )


@blueprint.get("/user/<name>/<year>/unknown")
def unplaced(name: str, year: str) -> Response:
    """Show the plays without a release year, the most played first."""
    username, listening_year = listener_name(name), listening_year_of(year)
    found = _find(username, listening_year, None)
    if isinstance(found, YearStatus):
        return _plays_removed(found, listening_year, "unplaced plays")
    if found is None:
        return redirect(_chart(username, listening_year))
    note = mirror_note(context())
    return _render("unplaced.html", found, year=listening_year, importing=note is not None and note.is_empty)


def sections(rows: Sequence[AlbumPlays]) -> list[Section]:
    """Group the rows by their kind, in their order."""
    kinds = groupby(
        rows,
        key=lambda row: (
            row.augmentation_status == "pending",
            row.has_own_year or not row.album,
            row.has_own_year,
        ),
    )
    return [Section(*kind, list(part)) for kind, part in kinds]


def _chart(username: str, year: int) -> str:
    """Return the address of the chart that a list belongs to."""
    return url_for("year.show", name=username, year=year) + requested_options().of_lists.query


def _find(username: str, year: int, released: ReleaseYears | None) -> _Found | YearStatus | None:
    """Read a page of a list; None where nothing is stored of the listening year.

    Where its plays were removed to make room they are read again, and how far that is is returned.

    Raises Problem, Renamed, StoreAway.
    """
    number, options = page_number(), requested_options().of_lists
    event = latest_event(context(), Topic(username, year))
    if not is_stored(context(), username):
        return None
    context().rate_limits.hit("albums")
    with context().pool.connection() as connection:
        listener = listeners.find(connection, username)
        if listener is None:
            return None
        job = fetch_jobs.find(connection, username, year)
        has_plays = job is None or job.plays_removed_at is None
        counts = scrobbles.count_year(connection, listener.id, year, options.period) if has_plays else YearCounts()
        options = options.available_for(counts, event)
        if counts.scrobbles:
            plays = PlayFilter(listener.id, year, options.by_song, options.period)
            page = album_list_page(connection, plays, released, number)
    if not has_plays:
        return year_status(context(), username, year, "plays")
    if not counts.scrobbles:
        return None
    if number > 1 and not page.rows:
        raise no_such_page()
    told = "" if event is None or event.is_whole else so_far(counts.scrobbles, event.expected)
    run = str(event.run) if event else ""
    return _Found(listener.username, counts, told, options, options.played_in(year), page, run)


def _plays_removed(status: YearStatus, year: int, what: str) -> Response:
    ahead = 0 if status.queue_away or status.event is None else fetches_ahead(context(), status.event)
    options = requested_options().of_lists
    page = render_template("plays_removed.html", status=status, year=year, what=what, ahead=ahead, options=options)
    return private(make_response(page))


def _render(template: str, found: _Found, **more: object) -> Response:
    rows = found.page.rows
    return private(make_response(render_template(template, **found._asdict(), sections=sections(rows), **more)))
