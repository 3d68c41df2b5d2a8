"""All years of a listener, and the button that fetches those that are missing."""

from collections.abc import Callable, Iterable

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.charts.heat_map import draw_heat_map
from app.events import Failure
from app.jobs import backlog
from app.redis.event_stream import Topic
from app.web.all_years import ListenerYear, listener_years
from app.web.context import context
from app.web.routing import listener_name, private
from app.web.site_address import is_same_origin
from app.web.visits.listener_status import listener_status
from app.web.visits.snapshots import fetches_ahead, fetching_is_paused, former_name
from app.web.visits.status import ListenerStatus

blueprint = Blueprint("listener", __name__)


@blueprint.get("/user/<name>")
def show(name: str) -> Response:
    """Show the years of a listener, the newest first, with counts as they come in."""
    status = listener_status(context(), listener_name(name))
    failure = status.event.error if status.event else None
    years = listener_years(context(), status.username, status.event.years if status.event else {})
    if failure is Failure.LISTENING_HIDDEN:
        years = [one for one in years if one.is_complete]  # the others would only say the same once more
    waits = status.waits or any(one.is_running for one in years)
    page = make_response(
        render_template(
            "listener.html",
            status=status,
            failure=failure,
            was=former_name(context(), request.args.get("was", ""), Topic(status.username)),
            years=years,
            heat=draw_heat_map({one.year: one.plays for one in years}),
            ahead={one.year: fetches_ahead(context(), one.event) for one in years if one.event and one.is_running},
            waits=waits,
            is_paused=waits and fetching_is_paused(context()),
            next_try=_next_try(status, years),
        )
    )
    if not years and (failure or status.is_away):
        page.status_code = failure.status if failure else 503
        if not failure:
            page.headers["Retry-After"] = str(status.try_again_after)
    return private(page)


@blueprint.post("/user/<name>/missing")
def fetch_missing(name: str) -> Response:
    """Fetch every year that is not stored yet, one after the other."""
    return _fetch(name, "all years", lambda year: year.is_missing)


@blueprint.post("/user/<name>/resume")
def resume(name: str) -> Response:
    """Go on with the years that Last.fm has interrupted, without waiting for the next try."""
    return _fetch(name, "refresh", lambda year: year.is_interrupted)


def _fetch(name: str, limit: str, is_wanted: Callable[[ListenerYear], bool]) -> Response:
    if not is_same_origin(request):
        abort(403, "This can only be asked for from the page itself.")
    username = listener_name(name)
    context().rate_limits.hit(limit)
    status = listener_status(context(), username)
    years = listener_years(context(), username, status.event.years if status.event else {})
    wanted = [one.year for one in years if is_wanted(one)]
    if not wanted:
        return redirect(url_for(".show", name=status.username), 303)
    backlog.add_years(context().redis, username, wanted)
    with context().pool.connection() as connection:
        backlog.enqueue_next_year(connection, context().redis, username, at_once=True)
    return redirect(url_for(".show", name=status.username), 303)


def _next_try(status: ListenerStatus, years: Iterable[ListenerYear]) -> int:
    """Return in how many seconds the first of what Last.fm has interrupted is due; 0 if that is not known."""
    return min(filter(None, (status.next_try, *(one.next_try for one in years))), default=0)
