"""All years of a listener, and the button that fetches those that are missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.charts.heat_map import draw_heat_map
from app.events import Failure
from app.jobs import backlog
from app.redis.event_stream import Topic
from app.web.all_years import ListenerYear, listener_years
from app.web.context import context
from app.web.insights import musical_ages
from app.web.routing import listener_name, private
from app.web.site_address import require_own_page
from app.web.visits.listener_status import listener_status
from app.web.visits.snapshots import fetches_ahead, fetching_is_paused, former_name
from app.web.visits.status import ListenerStatus

blueprint = Blueprint("listener", __name__)


@dataclass(frozen=True)
class KnownYears:
    """What the pages of all years know of a listener."""

    status: ListenerStatus
    years: Sequence[ListenerYear]
    """The newest first."""
    is_paused: bool

    @property
    def failure(self) -> Failure | None:
        """Why the years could not be counted."""
        return self.status.event.error if self.status.event else None

    @property
    def backlog(self) -> list[ListenerYear]:
        """The years that are still to come."""
        return [one for one in self.years if one.is_in_backlog]

    @property
    def waits(self) -> bool:
        """Whether news will come by itself."""
        return self.status.waits or any(one.is_running for one in self.years)

    @property
    def next_try(self) -> int:
        """In how many seconds the first of what Last.fm has interrupted is due; 0 if that is not known."""
        return min(filter(None, (self.status.next_try, *(one.next_try for one in self.years))), default=0)

    @property
    def goes_on(self) -> bool:
        """Whether a page is to follow the years."""
        return self.waits or self.next_try > 0


def known_years(name: str) -> KnownYears:
    """Find what is known of a listener's years, and have them counted. Raises Renamed, TooManyRequests."""
    status = listener_status(context(), name)
    years = listener_years(context(), status.username, status.event.years if status.event else {})
    if status.event and status.event.error is Failure.LISTENING_HIDDEN:
        years = [one for one in years if one.is_complete]  # the others would only say the same once more
    known = KnownYears(status, years, is_paused=False)
    return replace(known, is_paused=known.waits and fetching_is_paused(context()))


@blueprint.get("/user/<name>")
def show(name: str) -> Response:
    """Show the years of a listener, the newest first, with counts as they come in."""
    known = known_years(listener_name(name))
    status, years = known.status, known.years
    page = make_response(
        render_template(
            "listener.html",
            known=known,
            was=former_name(context(), request.args.get("was", ""), Topic(status.username)),
            heat=draw_heat_map(
                {one.year: one.plays for one in years}, [one.year for one in years if one.has_note]
            ),
            ages=musical_ages(context(), {one.year: one.plays for one in years if one.is_complete and one.plays}),
            ahead={one.year: fetches_ahead(context(), one.event) for one in years if one.event and one.is_running},
        )
    )
    return private(status_code(page, known))


def status_code(page: Response, known: KnownYears) -> Response:
    """Give the page the status that it has where there is nothing to show."""
    if not known.years and (known.failure or known.status.is_away):
        page.status_code = known.failure.status if known.failure else 503
        if not known.failure:
            page.headers["Retry-After"] = str(known.status.try_again_after)
    return page


@blueprint.post("/user/<name>/missing")
def fetch_missing(name: str) -> BaseResponse:
    """Fetch every year that is not stored yet, one after the other."""
    return _fetch(name, "all years", lambda year: year.is_missing)


@blueprint.post("/user/<name>/resume")
def resume(name: str) -> BaseResponse:
    """Go on with the years that Last.fm has interrupted, without waiting for the next try."""
    return _fetch(name, "refresh", lambda year: year.is_interrupted)


def _fetch(name: str, limit: str, is_wanted: Callable[[ListenerYear], bool]) -> BaseResponse:
    require_own_page()
    username = listener_name(name)
    context().rate_limits.hit(limit)
    status = listener_status(context(), username)
    years = listener_years(context(), username, status.event.years if status.event else {})
    wanted = [one.year for one in years if is_wanted(one)]
    page = "eras.show" if request.form.get("page") == "eras" else ".show"
    if not wanted:
        return redirect(url_for(page, name=status.username), 303)
    backlog.add_years(context().redis, username, wanted)
    with context().pool.connection() as connection:
        backlog.enqueue_next_year(connection, context().redis, username, at_once=True)
    return redirect(url_for(page, name=status.username), 303)
