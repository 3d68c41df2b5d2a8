"""Draw a picture as SVG, in one of three shapes and two themes, by the templates that draw charts on pages."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from app.charts.bar_chart import BarChart
from app.charts.era_chart import EraChart
from app.charts.palette import COLOURS, DARK
from app.formatting import number, rough_share, share
from app.pictures.content import Content
from app.pictures.fonts import FAMILY
from app.pictures.layout import lay_out
from app.pictures.shapes import FRAMES, Shape, Theme

TEMPLATES = Path(__file__).parent.parent / "web" / "templates"


def draw_picture(
    content: Content,
    description: str,
    *,
    bars: BarChart | None = None,
    eras: EraChart | None = None,
    own: int = 0,
    whole: int = 0,
    shape: Shape = Shape.LINK,
    theme: Theme = Theme.LIGHT,
) -> str:
    """Draw a chart of bars, or of eras, under its headline, and below it what there is to say.

    The release year `own` has a colour of its own. With a `whole`, each bar is labelled with its share of it. The
    description is for those who cannot see.
    """
    return (
        environment()
        .get_template("picture.svg")
        .render(
            frame=FRAMES[shape],
            layout=lay_out(content, FRAMES[shape], has_chart=bool(bars or eras)),
            content=content,
            description=description,
            bars=bars,
            eras=eras,
            own=own,
            whole=whole,
            family=FAMILY,
            colours=colours_of(theme),
        )
    )


def colours_of(theme: Theme) -> dict[str, str]:
    """Return the colours of a theme by name."""
    return DARK if theme is Theme.DARK else COLOURS


@cache
def environment() -> Environment:
    """Return what renders pictures, apart from Flask."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True)
    environment.filters.update(number=number, rough_share=rough_share, share=share)
    return environment
