"""The colours of charts in pictures, which have no style sheet: those of style.css on a light page."""

import re
from pathlib import Path

STYLE = Path(__file__).parent.parent / "web" / "static" / "style.css"


def _light(css: str) -> dict[str, str]:
    """Read the custom properties of the first :root rule."""
    return dict(re.findall(r"--(\w+): (#\w+);", css.partition("}")[0]))


COLOURS = _light(STYLE.read_text(encoding="utf-8"))
