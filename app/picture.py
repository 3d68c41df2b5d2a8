"""The picture of a chart to share or to keep: an SVG from the template that draws charts on pages, too."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from app.charts import text_layout
from app.charts.bar_chart import BarChart
from app.charts.era_chart import EraChart
from app.charts.palette import COLOURS
from app.formatting import number, rough_share, share

WIDTH, HEIGHT = 1200, 630
TEMPLATES = Path(__file__).parent / "web" / "templates"


def draw_picture(
    *,
    title: str,
    headline: str,
    description: str,
    rows: Sequence[tuple[str, str]] = (),
    chart: BarChart | EraChart | None = None,
    own: int = 0,
    whole: int = 0,
    source: tuple[str, str] | None = None,
) -> str:
    """Draw a chart under its headline, with rows of a name and facts below. Two of them are a legend, too.

    The release year `own` has a colour of its own. With a `whole`, each bar is labelled with its share of it.
    The `source` of the plays, a text and an address, stands at the foot.
    """
    return (
        environment()
        .get_template("picture.svg")
        .render(
            width=WIDTH,
            height=HEIGHT,
            title=title,
            headline=headline,
            description=description,
            rows=rows,
            chart=chart,
            own=own,
            whole=whole,
            source=source,
        )
    )


@cache
def environment() -> Environment:
    """Return what renders pictures, apart from Flask."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    environment.globals.update(colours=COLOURS, text_layout=text_layout)
    environment.filters.update(number=number, rough_share=rough_share, share=share)
    return environment
