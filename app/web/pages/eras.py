"""The eras: how a listener's music aged over all listening years, as a page, as pictures and as data."""

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.charts.era_chart import EraChart, draw_era_chart
from app.charts.eras import Era
from app.web.all_years import ListenerYear, eras_of
from app.web.pages.listener import KnownYears, known_years, status_code
from app.web.routing import listener_name, private
from app.web.words import eras as era_words
from app.web.words.chart_options import ChartOptions, requested_options

blueprint = Blueprint("eras", __name__)


@blueprint.get("/user/<name>/eras")
def show(name: str) -> Response:
    """Show how the music of a listener aged; `of=songs` counts by the songs' own years."""
    known = known_years(listener_name(name))
    options = _options(known)
    eras = eras_of(known.years, options)
    page = make_response(
        render_template(
            "eras.html",
            known=known,
            options=options,
            has_songs=_has_songs(known),
            eras=eras,
            headline=headline(known, options),
            chart=chart_of(known, eras),
            era_words=era_words,
        )
    )
    return private(status_code(page, known))


@blueprint.get("/user/<name>/eras.csv")
def as_csv(name: str) -> BaseResponse:
    """Give the quartiles and the new music of each listening year as a table, the oldest first."""
    known = known_years(listener_name(name))
    options = _options(known)
    eras = eras_of(known.years, options)
    if not eras:
        return redirect(url_for(".show", name=known.status.username))
    text = era_words.csv_table(eras, {one.year: one.scrobbles for one in known.years})
    answer = Response(text, content_type="text/csv; charset=utf-8")
    name = f"{known.status.username}-eras{'-songs' * options.by_song}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return private(answer)


def headline(known: KnownYears, options: ChartOptions) -> str:
    """Say what the eras come to, as far as years are whole, or why nothing can be said."""
    whole = [one for one in known.years if one.is_complete and one.plays_by(options)]
    told = whole or [one for one in known.years if one.plays_by(options)]
    if told:
        is_known = all(one.scrobbles <= sum(one.plays_by(options).values()) for one in told)
        return era_words.headline(eras_of(told, options), known.status.username, is_known=is_known)
    return era_words.nothing(
        known.status.username,
        has_plays=any(map(_has_plays, known.years)),
        is_whole=not (known.goes_on or any(one.is_missing for one in known.years)),
    )


def chart_of(known: KnownYears, eras: tuple[Era, ...]) -> EraChart | None:
    """Draw the eras; nothing where none can come."""
    years = [one.year for one in known.years if _has_plays(one)]
    is_finished = not (known.goes_on or any(one.is_missing for one in known.years))
    if not years or (is_finished and not eras):
        return None
    return draw_era_chart(eras, min(years), max(years))


def _has_plays(year: ListenerYear) -> bool:
    return bool(year.count or year.scrobbles)


def _has_songs(known: KnownYears) -> bool:
    return any(one.song_plays for one in known.years)


def _options(known: KnownYears) -> ChartOptions:
    """Leave songs out where their years make no difference."""
    return ChartOptions(by_song=requested_options().by_song and _has_songs(known))
