"""The shapes and the themes that a picture comes in."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Theme(StrEnum):
    """Which colours: those of the pages by day or by night."""

    LIGHT = "light"
    DARK = "dark"


class Shape(StrEnum):
    """What a picture is for."""

    LINK = "link"
    SQUARE = "square"
    STORY = "story"


@dataclass(frozen=True)
class Frame:
    """The measures of a shape, in pixels."""

    width: int
    height: int
    margin: int
    top: int
    """Where the first text may begin: phones lay their own buttons over the ends of a story."""
    bottom: int
    """Where the last text ends."""
    title: int
    """The size of its text."""
    headline: int
    lines: int
    """Of the headline, at most."""
    facts: int
    """The size of the facts below the chart."""
    foot: int
    chart_scale: float
    """How much larger a chart's labels are than on a page's wide screen."""
    albums: int
    """How many it has room for."""
    row: int
    """The height of an album's row; in a low one, title and artist stand in one line."""
    has_tiles: bool
    """Whether the facts stand in boxes of their own."""

    @property
    def room(self) -> int:
        """How wide a line may be."""
        return self.width - 2 * self.margin

    def with_headline(self, part: float) -> "Frame":
        """Return the same with a headline of another size, a part of this one's."""
        return replace(self, headline=round(part * self.headline))

    @property
    def right(self) -> int:
        """Where lines end."""
        return self.width - self.margin


FRAMES = {
    Shape.LINK: Frame(
        width=1200,
        height=630,
        margin=60,
        top=50,
        bottom=606,
        title=26,
        headline=42,
        lines=2,
        facts=22,
        foot=16,
        chart_scale=1.5,
        albums=0,
        row=0,
        has_tiles=False,
    ),
    Shape.SQUARE: Frame(
        width=1080,
        height=1080,
        margin=64,
        top=52,
        bottom=1044,
        title=30,
        headline=44,
        lines=3,
        facts=26,
        foot=22,
        chart_scale=1.75,
        albums=3,
        row=58,
        has_tiles=True,
    ),
    Shape.STORY: Frame(
        width=1080,
        height=1920,
        margin=84,
        top=170,
        bottom=1780,
        title=36,
        headline=60,
        lines=5,
        facts=30,
        foot=26,
        chart_scale=1.9,
        albums=5,
        row=88,
        has_tiles=True,
    ),
}
