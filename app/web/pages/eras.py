"""The eras: how a listener's music aged over all listening years, as a page, as pictures and as data."""

from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.charts.era_chart import EraChart, draw_era_chart
from app.charts.eras import Era
from app.pictures.content import Content, Figure
from app.pictures.drawing import draw_picture
from app.web.all_years import eras_of
from app.web.errors import Problem
from app.web.pages.listener import KnownYears, known_years, status_code
from app.web.routing import listener_name, private
from app.web.sharing.answers import KEPT_PICTURES, SOURCE, as_png, as_svg
from app.web.sharing.options import Look, requested_look
from app.web.words import eras as era_words
from app.web.words import wording
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
            headline=_headline(known, options),
            turn=era_words.turn(_told(known, options)),
            chart=_chart(known, eras),
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


@blueprint.get("/user/<name>/eras.svg")
def svg(name: str) -> BaseResponse:
    """Draw the eras as a picture that can be scaled."""
    return as_svg(_draw(name))


@blueprint.get("/user/<name>/eras.png")
def png(name: str) -> BaseResponse:
    """Draw the eras as a picture for social networks."""
    return as_png(_draw(name))


@dataclass(frozen=True)
class SharedEras:
    """What a shared picture of the eras says, to be said beside it."""

    username: str
    options: ChartOptions
    title: str
    headline: str
    has_eras: bool


def shared_eras(name: str) -> SharedEras:
    """Say what is known by now of a listener's eras."""
    known = known_years(name)
    options = _options(known)
    headline = _headline(known, options)
    return SharedEras(
        known.status.username, options, _title(known, options), headline, bool(eras_of(known.years, options))
    )


def _title(known: KnownYears, options: ChartOptions) -> str:
    return f"{known.status.username}’s eras, {wording.counted_by(options)}"


def _draw(name: str) -> str:
    """Draw what is known by now. Raises Problem where there is nobody to draw."""
    look, known = requested_look(), known_years(listener_name(name))
    status, options = known.status, _options(known)
    if not known.years and known.failure:
        headline = wording.explained(known.failure).headline
        raise Problem(known.failure.status, headline, "There is no picture of these years.")
    if not known.years and status.is_away:
        raise Problem(503, *status.why_nothing_new, again=status.try_again_after)
    is_unasked = status.is_unasked and not known.years
    headline = wording.NOT_COUNTED if is_unasked else _headline(known, options)
    title = _title(known, options)
    eras, turn = eras_of(known.years, options), era_words.turn(_told(known, options))
    return _picture(title, headline, eras, _span(known), turn, look)


@lru_cache(KEPT_PICTURES)
def _picture(
    title: str, headline: str, eras: tuple[Era, ...], span: tuple[int, int] | None, turn: str, look: Look
) -> str:
    """Draw the eras under their headline; below them what stands out, or else numbers."""
    facts = era_words.facts(eras)
    content = Content(
        title=title,
        headline=headline,
        facts=turn or facts,
        figures=tuple(Figure(label, value) for label, value in era_words.figures(eras)),
        coverage=turn,
        source=SOURCE,
    )
    return draw_picture(
        content,
        " ".join(filter(None, (headline, turn, f"{facts}." if facts else ""))),
        eras=draw_era_chart(eras, *span) if eras and span else None,
        shape=look.shape,
        theme=look.theme,
    )


def _headline(known: KnownYears, options: ChartOptions) -> str:
    """Say what the eras come to, as far as years are whole, or why nothing can be said."""
    name, told = known.status.username, _told(known, options)
    if told:
        plays = {one.year: one.scrobbles for one in known.years}
        is_known = all(plays[era.year] <= era.placed for era in told)
        return era_words.headline(told, name, is_known=is_known)
    return era_words.nothing(name, has_plays=_span(known) is not None, is_whole=_is_finished(known))


def _told(known: KnownYears, options: ChartOptions) -> tuple[Era, ...]:
    """Sum up the years that are whole, or all as far as they are here where none is."""
    return eras_of([one for one in known.years if one.is_complete], options) or eras_of(known.years, options)


def _chart(known: KnownYears, eras: tuple[Era, ...]) -> EraChart | None:
    """Draw the eras; nothing where none can come."""
    span = _span(known)
    return draw_era_chart(eras, *span) if span and (eras or not _is_finished(known)) else None


def _span(known: KnownYears) -> tuple[int, int] | None:
    """Find the first and the last listening year with plays, as far as they are counted."""
    years = [one.year for one in known.years if one.count or one.scrobbles]
    return (min(years), max(years)) if years else None


def _is_finished(known: KnownYears) -> bool:
    return not (known.goes_on or any(one.is_missing for one in known.years))


def _has_songs(known: KnownYears) -> bool:
    return any(one.song_plays for one in known.years)


def _options(known: KnownYears) -> ChartOptions:
    """Leave songs out where their years make no difference."""
    return ChartOptions(by_song=requested_options().by_song and _has_songs(known))
