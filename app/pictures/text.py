"""Text in a picture: lines that fit into their room, broken between words, made smaller, or cut short at last."""

from dataclasses import dataclass, replace
from typing import Literal

from app.pictures import fonts

ELLIPSIS = "…"
ASCENT, DESCENT = 0.96, 0.26  # of a line above and below its baseline, as parts of its size, accents included
TIGHT = 0.8  # of its room, from where a text says how long it is

Anchor = Literal["start", "end"]


@dataclass(frozen=True)
class Text:
    """A line of text in its place: x and y are the start of its baseline, or with the anchor `end` its end."""

    text: str
    x: float
    y: float
    size: float
    colour: str = "ink"
    bold: bool = False
    anchor: Anchor = "start"
    is_tight: bool = False
    """Whether it nearly fills its room: a browser without Lato is told how long it is, and squeezes its font."""
    is_headline: bool = False
    address: str = ""
    """Where it leads to."""

    @property
    def width(self) -> float:
        """How wide it is."""
        return round(fonts.width(self.text, bold=self.bold) * self.size, 1)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what it covers."""
        left = self.x - self.width if self.anchor == "end" else self.x
        return left, self.y - ASCENT * self.size, left + self.width, self.y + DESCENT * self.size

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.text


def fitted(text: Text, room: float, smallest: float) -> Text:
    """Return the line no wider than the room: made smaller, down to `smallest`, and then cut short."""
    text = replace(text, text=fonts.legible(text.text) if room > 0 else "")
    if text.is_empty:
        return text
    natural = fonts.width(text.text, bold=text.bold)
    if natural * text.size > room:
        text = replace(text, size=max(smallest, int(10 * room / natural) / 10))
    if text.width > room:
        text = replace(text, text=cut_short(text.text, room / text.size, bold=text.bold))
    return replace(text, is_tight=text.is_tight or text.width > TIGHT * room)


def cut_short(text: str, width: float, *, bold: bool) -> str:
    """Return as much of the beginning as fits into the width, a part of the font's size, with an ellipsis."""
    shortest, longest = 0, len(text)
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        if fonts.width(text[:middle].rstrip() + ELLIPSIS, bold=bold) <= width:
            shortest = middle
        else:
            longest = middle - 1
    return text[:shortest].rstrip() + ELLIPSIS


@dataclass(frozen=True)
class Paragraph:
    """A text in several lines of one size."""

    lines: tuple[str, ...]
    size: float


def paragraph(text: str, room: float, largest: float, smallest: float, *, lines: int, bold: bool) -> Paragraph:
    """Break the text into at most so many lines of about the same length, in the largest size in which they fit.

    What does not fit in the smallest size is cut short at the end.
    """
    text, size = fonts.legible(text), largest
    while True:
        width = room / size
        broken = _wrapped(text, width, bold=bold)
        if len(broken) <= lines and all(fonts.width(line, bold=bold) <= width for line in broken):
            return Paragraph(_balanced(text, width, len(broken), bold=bold), size)
        if size <= smallest:
            kept = (*broken[: lines - 1], " ".join(broken[lines - 1 :]))
            fits = (
                line if fonts.width(line, bold=bold) <= width else cut_short(line, width, bold=bold)
                for line in kept
            )
            return Paragraph(tuple(filter(None, fits)), size)
        size = max(smallest, size - 2)


def _wrapped(text: str, width: float, *, bold: bool) -> tuple[str, ...]:
    """Break between words wherever the next one does not fit any more."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and fonts.width(f"{lines[-1]} {word}", bold=bold) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(lines)


def _balanced(text: str, width: float, count: int, *, bold: bool) -> tuple[str, ...]:
    """Break into as many lines, in the least width that takes no more."""
    best = _wrapped(text, width, bold=bold)
    low, high = width / max(1, count), width
    for _ in range(8):
        middle = (low + high) / 2
        lines = _wrapped(text, middle, bold=bold)
        if len(lines) <= count and all(fonts.width(line, bold=bold) <= width for line in lines):
            best, high = lines, middle
        else:
            low = middle
    return best
