"""The panel that shares a chart, as a page or as a dialog on one: pictures and snippets."""

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, make_response, render_template

from app.pictures.shapes import FRAMES, Shape, Theme
from app.web.compared import compared_with
from app.web.context import context
from app.web.errors import Problem
from app.web.pages import eras
from app.web.pages.comparing.several_listeners import draw_together
from app.web.pages.comparing.sides import parts_of, visit_all
from app.web.pages.comparing.two_listeners import compare
from app.web.routing import listener_name, listening_year_of, private
from app.web.sharing import snippets
from app.web.sharing.options import Look, requested_look
from app.web.sharing.snippets import Snippet
from app.web.site_address import site_url
from app.web.visits.status import YearStatus
from app.web.words import wording
from app.web.words.chart_options import ChartOptions, requested_options
from app.web.words.summary import summarize

blueprint = Blueprint("panel", __name__)

NOTHING_YET = "There is nothing to share yet"
SHAPES = {Shape.LINK: "Link card", Shape.SQUARE: "Square", Shape.STORY: "Story"}
THEMES = {Theme.LIGHT: "Light", Theme.DARK: "Dark"}


@dataclass(frozen=True)
class SharedPage:
    """A page that is shared, by its path and its options, with what it says in a sentence."""

    path: str
    options: ChartOptions
    title: str
    headline: str
    file: str
    """The beginning of its file's name, without shape and theme."""
    look: Look
    embed: str = ""
    """The path of the chart for other sites, where there is one."""

    @property
    def page(self) -> str:
        """The address to share."""
        return f"{site_url()}{self.path}{self.options.query}"

    @property
    def size(self) -> tuple[int, int]:
        """The picture's width and height."""
        frame = FRAMES[self.look.shape]
        return frame.width, frame.height

    @property
    def file_name(self) -> str:
        """The name of the picture when it is saved."""
        theme = "-dark" * (self.look.theme is Theme.DARK)
        return f"{self.file}-{self.look.shape.value}{theme}.png"

    def picture(self, ending: str = "png") -> str:
        """Return the path of the picture with the look."""
        chosen = {"shape": self.look.shape.value, "theme": self.look.theme.value}
        usual = {"shape": Shape.LINK.value, "theme": Theme.LIGHT.value}
        parts = [f"{name}={value}" for name, value in chosen.items() if value != usual[name]]
        options = self.options.query.removeprefix("?")
        query = "&".join([*filter(None, [options]), *parts])
        return f"{self.path}.{ending}" + f"?{query}" * bool(query)

    @property
    def snippets(self) -> list[Snippet]:
        """What to paste elsewhere. The chart and the badge come in the reader's own colours."""
        site, options = site_url(), self.options.query
        picture = site + self.picture()
        pasted = [
            snippets.picture_link(self.page, picture, self.headline, self.size),
            snippets.markdown(self.page, picture, self.headline, "The picture"),
            snippets.bbcode(self.page, picture),
        ]
        if self.embed:
            badge = f"{site}{self.path}/badge.svg{self.options.list_query}"
            pasted[1] = snippets.markdown(self.page, badge, self.headline, "A badge")
            pasted.insert(0, snippets.chart_frame(f"{site}{self.embed}{options}", self.title))
        return pasted


@blueprint.get("/user/<name>/<year>/share")
def of_year(name: str, year: str) -> Response:
    """Show what can be shared of a year, or of several listeners' years."""
    look, username, listening_year = requested_look(), listener_name(name), listening_year_of(year)
    others = compared_with(username)
    options = requested_options(*others)
    visits = visit_all(context(), (username, *others), listening_year)
    visits = parts_of(context(), visits, listening_year, options.period)
    if not others:
        return _page(_year_page(visits[0].status, listening_year, options, look))
    together = (compare if len(visits) == 2 else draw_together)(visits, listening_year, options)
    if not any(side.years for side in together.sides):
        raise _nothing_there(listening_year)
    first = together.sides[0].name
    return _page(
        SharedPage(
            path=_path(first, listening_year),
            options=together.options,
            title=together.title,
            headline=together.sentence,
            file=f"{first}-and-others-{listening_year}",
            look=look,
        )
    )


@blueprint.get("/user/<name>/eras/share")
def of_eras(name: str) -> Response:
    """Show what can be shared of a listener's eras."""
    look, told = requested_look(), eras.shared_eras(listener_name(name))
    if not told.has_eras:
        raise Problem(404, NOTHING_YET, "Open the page of the eras and wait for the first year.")
    return _page(
        SharedPage(
            path=f"/user/{quote(told.username)}/eras",
            options=told.options,
            title=told.title,
            headline=told.headline,
            file=f"{told.username}-eras",
            look=look,
        )
    )


def _year_page(status: YearStatus, year: int, options: ChartOptions, look: Look) -> SharedPage:
    event = status.event
    if event is None or not event.scrobbles:
        raise _nothing_there(year)
    period = options.period
    summary = summarize(event, year, status.username, options, status.until(year, period))
    so_far = summary.until is not None or not summary.is_whole
    whose = wording.whose(status.username, year, so_far=so_far, period=period)
    return SharedPage(
        path=_path(status.username, year),
        options=summary.options,
        title=f"{whose}, {wording.counted_by(summary.options)}",
        headline=wording.headline(summary),
        file=f"{status.username}-{year}",
        look=look,
        embed="" if period else f"/embed/{quote(status.username)}/{year}",
    )


def _path(name: str, year: int) -> str:
    return f"/user/{quote(name)}/{year}"


def _nothing_there(year: int) -> Problem:
    return Problem(404, NOTHING_YET, f"Open the chart of {year} and wait for the first plays.")


def _page(shared: SharedPage) -> Response:
    return private(make_response(render_template("share.html", shared=shared, shapes=SHAPES, themes=THEMES)))
