"""From one release year: everything of it that a listener ever played, over all listening years."""

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.charts.listening_chart import ListeningSpan
from app.charts.release_years import ReleaseYears
from app.charts.year_axis import added
from app.redis.event_stream import Topic
from app.web.album_lists import ReleasedPage, released_page
from app.web.all_years import ListenerYear, listener_years
from app.web.context import context
from app.web.errors import Problem
from app.web.pages.release_year import sections
from app.web.routing import listener_name, no_such_page, page_number, private, release_years_of
from app.web.visits.introductions import is_stored
from app.web.visits.snapshots import latest_event
from app.web.words.chart_options import ChartOptions, requested_options

blueprint = Blueprint("released", __name__)


@blueprint.get("/user/<name>/released/<bar>")
def show(name: str, bar: str) -> Response:
    """Show all albums of a release year, or of several as in 1970-1979, with their plays by listening year."""
    username, released, number = listener_name(name), release_years_of(bar), page_number()
    latest_event(context(), Topic(username))  # raises Renamed
    if not is_stored(context(), username):
        return redirect(url_for("listener.show", name=username))
    years = listener_years(context(), username, {})
    has_songs = any(one.song_plays for one in years)
    options = ChartOptions(by_song=requested_options().by_song and has_songs)
    context().rate_limits.hit("albums")
    with context().pool.connection() as connection:
        page = released_page(connection, username, released, number, options)
    if page is None:
        return redirect(url_for("listener.show", name=username))
    _check(page, released)
    played = page.played
    span = ListeningSpan(*_ends(years, page))
    every = added(*(one.plays_by(options) for one in years))
    text = render_template(
        "released.html",
        page=page,
        released=released,
        options=options,
        has_songs=has_songs,
        span=span,
        chart=span.chart(played),
        sections=sections(page.rows),
        placed=sum(every.values()),
        before=released.before(every),
        after=released.after(every),
        unfinished=[one.year for one in years if not one.is_complete and one.scrobbles],
    )
    return private(make_response(text))


def _check(page: ReleasedPage, released: ReleaseYears) -> None:
    """Raise Problem where there is nothing to show."""
    if page.rows:
        return
    if page.number > 1:
        raise no_such_page()
    if not page.removed:
        advice = (
            f"Nothing {page.username} ever played, as far as it is stored here, is known to have come out then."
        )
        raise Problem(404, f"No music from {released.name}", advice)


def _ends(years: list[ListenerYear], page: ReleasedPage) -> tuple[int, int]:
    """Find the first and the last listening year of which plays are stored."""
    stored = {one.year for one in years if one.scrobbles} | set(page.played)
    return min(stored), max(stored)
