"""The shape and the theme of a picture, as its address says them."""

from enum import StrEnum
from typing import NamedTuple, TypeVar

from flask import request

from app.pictures.shapes import Shape, Theme
from app.web.errors import Problem

Choice = TypeVar("Choice", bound=StrEnum)


class Look(NamedTuple):
    """How a picture is drawn."""

    shape: Shape = Shape.LINK
    theme: Theme = Theme.LIGHT


def requested_look() -> Look:
    """Read the look from the current request. Raises Problem."""
    return Look(_chosen("shape", Shape.LINK), requested_theme() or Theme.LIGHT)


def requested_theme() -> Theme | None:
    """Read the theme, if the request has one. Raises Problem."""
    return _chosen("theme", Theme.LIGHT) if "theme" in request.args else None


def _chosen(name: str, default: Choice) -> Choice:
    text = request.args.get(name, default.value)
    kind = type(default)
    if text not in [one.value for one in kind]:
        *others, last = (one.value for one in kind)
        raise Problem(400, f"There is no such {name}", f"Take {', '.join(others)} or {last} for “{name}”.")
    return kind(text)
