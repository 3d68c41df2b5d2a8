"""The colours of charts in pictures, which have no style sheet: those of style.css, light and dark."""

import re
from pathlib import Path

STYLE = Path(__file__).parent.parent / "web" / "static" / "style.css"


def _colours(css: str) -> dict[str, str]:
    """Read the custom properties of the first rule."""
    return dict(re.findall(r"--(\w+): (#\w+);", css.partition("}")[0]))


_CSS = STYLE.read_text(encoding="utf-8")
COLOURS = _colours(_CSS)
DARK = COLOURS | _colours(_CSS.partition("(prefers-color-scheme: dark)")[2])
