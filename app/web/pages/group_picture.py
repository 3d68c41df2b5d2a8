"""The picture of up to six listeners' years: a small chart for each, under what they come to together."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.picture import HEIGHT, WIDTH, environment
from app.web.pages.sides import Side
from app.web.pages.together import Together
from app.web.words import links

LEFT, TOP, BOTTOM, GAP = 60, 150, 590, 26
ABOVE, BELOW, BESIDE = 34, 82, 44
"""Room around each plot: for the name, for labels and what is said, and for the scale."""


@dataclass(frozen=True)
class Cell:
    """One listener's place in the picture, in its pixels."""

    side: Side
    x: int
    y: int
    width: int
    height: int

    @property
    def plot(self) -> tuple[int, int]:
        """The size of the chart itself."""
        return self.width - BESIDE, self.height - ABOVE - BELOW


def draw_group_picture(together: Together) -> str:
    """Draw the picture as an SVG."""
    return (
        environment()
        .get_template("together.svg")
        .render(
            width=WIDTH,
            height=HEIGHT,
            together=together,
            cells=_cells(together.sides, together.columns),
            above=ABOVE,
            beside=BESIDE,
            source=(f"Listening data {links.POWERED_BY}, last.fm", links.LASTFM_HOME),
        )
    )


def _cells(sides: Sequence[Side], columns: int) -> list[Cell]:
    rows = -(-len(sides) // columns)
    width = (WIDTH - 2 * LEFT - GAP * (columns - 1)) // columns
    height = (BOTTOM - TOP - GAP // 2 * (rows - 1)) // rows
    return [
        Cell(side, LEFT + nth % columns * (width + GAP), TOP + nth // columns * (height + GAP // 2), width, height)
        for nth, side in enumerate(sides)
    ]
