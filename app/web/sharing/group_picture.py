"""The picture of up to six listeners' years: a small chart for each, under what they come to together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.charts.bar_chart import BarChart
from app.pictures.content import Content
from app.pictures.drawing import colours_of, environment
from app.pictures.fonts import FAMILY
from app.pictures.layout import Layout, lay_out
from app.pictures.shapes import FRAMES, Frame, Shape
from app.pictures.text import Text, fitted, paragraph
from app.web.pages.comparing.several_listeners import Together
from app.web.pages.comparing.sides import Side
from app.web.sharing.answers import SOURCE
from app.web.sharing.options import Look

HEADLINE = 0.7  # of another picture's: there is more below it
FEW = 3  # stand below each other in a story
LABELS, SCALE, LINE = 24.0, 44.0, 1.3
"""Room for a chart's labels below it and beside it, at scale 1; from line to line."""


@dataclass(frozen=True)
class Cell:
    """One listener's place in the picture: texts, and the place of the chart."""

    texts: tuple[Text, ...]
    chart: BarChart | None
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0


def draw_group_picture(together: Together, look: Look) -> str:
    """Draw the picture as an SVG."""
    frame = FRAMES[look.shape]
    layout = _head(together, frame)
    return (
        environment()
        .get_template("together.svg")
        .render(
            frame=frame,
            layout=layout,
            together=together,
            cells=list(cells(together, layout, look.shape)),
            scale=_scale(look.shape),
            family=FAMILY,
            colours=colours_of(look.theme),
        )
    )


def _head(together: Together, frame: Frame) -> Layout:
    content = Content(together.title, together.sentence, source=SOURCE)
    return lay_out(content, frame.with_headline(HEADLINE), has_chart=True)


def _scale(shape: Shape) -> float:
    return 1.1 if shape is Shape.LINK else 1.5


def cells(together: Together, layout: Layout, shape: Shape) -> Iterator[Cell]:
    """Divide what is left between the headline and the foot."""
    frame, sides = FRAMES[shape], together.sides
    columns = {Shape.LINK: together.columns, Shape.SQUARE: 2, Shape.STORY: 1 if len(sides) <= FEW else 2}[shape]
    rows = -(-len(sides) // columns)
    top = max(text.box[3] for text in layout.texts if text.y < frame.height / 2) + 0.8 * frame.facts
    bottom = min(text.box[1] for text in layout.texts if text.y > frame.height / 2) - 0.4 * frame.facts
    gap = 1.1 * frame.facts
    width = (frame.room - gap * (columns - 1)) / columns
    height = (bottom - top - gap / 2 * (rows - 1)) / rows
    for nth, side in enumerate(sides):
        x, y = frame.margin + nth % columns * (width + gap), top + nth // columns * (height + gap / 2)
        chart = together.small.charts[nth] if side.years else None
        yield _cell(together, side, chart, (x, y, width, height), _scale(shape))


def _cell(
    together: Together, side: Side, chart: BarChart | None, place: tuple[float, float, float, float], scale: float
) -> Cell:
    x, y, width, height = place
    size = 16 * scale
    name = fitted(Text(side.name, x, y + 1.1 * size, 1.15 * size, bold=True), width, 0.6 * size)
    if chart is None:
        told = paragraph(side.facts, width, size, 0.7 * size, lines=4, bold=False)
        lines = (
            Text(line, x, y + (2.7 + nth * LINE) * size, told.size, "muted") for nth, line in enumerate(told.lines)
        )
        return Cell((name, *lines), None)
    left, texts = x + SCALE * scale, _told(together, side)
    end = y + height - (len(texts) - 1) * LINE * size - 0.3 * size
    lines = (
        fitted(
            Text(text, left, end + nth * LINE * size, size, "ink" if nth else "muted", bold=nth > 0),
            x + width - left,
            0.6 * size,
        )
        for nth, text in enumerate(texts)
    )
    above = y + 2.0 * size
    return Cell((name, *lines), chart, left, above, x + width - left, end - size - LABELS * scale - above)


def _told(together: Together, side: Side) -> Sequence[str]:
    """Say what the listener comes to, and what they are first in."""
    if side.remark or side.summary is None:
        return (side.remark,)
    told = f"Middle year {side.summary.median} · {side.summary.share(side.summary.own)} new"
    return (told, *(f"{first.what}: {first.figure}" for first in together.firsts.get(side.name, [])[:1]))
