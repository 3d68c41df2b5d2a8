"""The months of a year: a small chart of each, all on one scale; the page of the year takes them over."""

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.charts.month_strips import draw_month_strips
from app.formatting import so_far
from app.periods import months_until
from app.web.context import context
from app.web.routing import listener_name, listening_year_of, private
from app.web.visits.part_of_year import months_of_year
from app.web.visits.year_status import year_status
from app.web.words import months as month_words
from app.web.words.chart_options import requested_options, today

blueprint = Blueprint("months", __name__)


@blueprint.get("/user/<name>/<year>/months")
def show(name: str, year: str) -> Response:
    """Show the months side by side; `by=decade` and `of=songs` as for the year."""
    username, listening_year = listener_name(name), listening_year_of(year)
    status = year_status(context(), username, listening_year)
    event = status.event
    if event is None or not event.scrobbles or status.grows:
        return redirect(url_for("year.show", name=username, year=listening_year) + requested_options().query)
    options = requested_options().available_for(event)
    counts = months_of_year(context(), status, listening_year)
    played = {month: options.years_of(count) for month, count in counts.items()}
    is_known = not any(count.unplaced for count in counts.values())
    told = "" if event.is_whole else so_far(event.scrobbles, event.expected)
    page = render_template(
        "months.html",
        name=status.username,
        year=listening_year,
        options=options,
        months=months_until(listening_year, today()),
        drawn=draw_month_strips(played, listening_year, by_decade=options.by_decade),
        plays={month: count.scrobbles for month, count in counts.items()},
        sentence=month_words.told(played, told, is_known=is_known),
        is_so_far=status.until(listening_year) is not None or not event.is_whole,
    )
    return private(make_response(page))
