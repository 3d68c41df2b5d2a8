"""The colours of pictures are those of the style sheet, on a light page."""

import re
from pathlib import Path

from app.charts.palette import COLOURS, STYLE

TEMPLATES = STYLE.parent.parent / "templates"


def used(template: Path) -> set[str]:
    return set(re.findall(r"colours\.(\w+)", template.read_text(encoding="utf-8")))


def test_every_colour_that_is_drawn_with_is_a_light_one_of_the_style_sheet() -> None:
    drawn = used(TEMPLATES / "_chart.html") | used(TEMPLATES / "picture.svg")
    assert {"accent", "own", "other", "paper"} <= drawn <= set(COLOURS)
    assert COLOURS["paper"].startswith("#f"), "light"
