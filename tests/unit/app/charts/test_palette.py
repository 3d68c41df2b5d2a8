"""The colours of pictures are those of the style sheet, light and dark."""

import re
from pathlib import Path

from app.charts.palette import COLOURS, DARK, STYLE

TEMPLATES = STYLE.parent.parent / "templates"


def used(template: Path) -> set[str]:
    return set(re.findall(r"colours\.(\w+)", template.read_text(encoding="utf-8")))


def test_every_colour_that_is_drawn_with_is_one_of_the_style_sheet_light_and_dark() -> None:
    drawn = used(TEMPLATES / "_chart.html") | used(TEMPLATES / "_era_chart.html") | used(TEMPLATES / "picture.svg")
    assert {"accent", "own", "other", "paper"} <= drawn <= set(COLOURS)
    assert COLOURS["paper"].startswith("#f"), "light"
    assert COLOURS.keys() == DARK.keys()
    assert all(COLOURS[name] != DARK[name] for name in COLOURS)
    assert DARK["paper"].startswith("#1"), "dark"
