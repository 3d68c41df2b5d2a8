"""What a picture says, before anything has its place."""

from dataclasses import dataclass
from typing import Literal

Mark = Literal["", "accent", "other", "own"]


@dataclass(frozen=True)
class Figure:
    """A number with what it is."""

    label: str
    value: str


@dataclass(frozen=True)
class Album:
    """One of the most played albums; with a mark, whose it is, or that it was new."""

    year: int
    title: str
    artist: str
    plays: int
    mark: Mark = ""


@dataclass(frozen=True)
class Listener:
    """One of two who are compared: what is marked how in the chart, and what there is to say."""

    name: str
    facts: str
    mark: Mark


@dataclass(frozen=True)
class Content:
    """What a picture says, without its chart."""

    title: str
    headline: str
    emphasis: str = ""
    """The words of the headline that stand out, if they are there."""
    facts: str = ""
    """The numbers in one line, where there is no room for `figures`."""
    figures: tuple[Figure, ...] = ()
    listeners: tuple[Listener, ...] = ()
    albums: tuple[Album, ...] = ()
    remark: str = ""
    """What else there is to say in a line, where there is room."""
    coverage: str = ""
    """Of what the numbers are, where they do not say so."""
    source: tuple[str, str] | None = None
    """Where the plays come from: a text and an address."""
