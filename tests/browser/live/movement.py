"""Movement: how much the parts of a page move about while it changes, whether or not their elements are replaced.

The browser's own figure follows elements. A page whose elements are replaced by others is steady in its eyes,
wherever they are put. So the parts have names here, and the score is computed as in the Layout Instability
specification (https://wicg.github.io/layout-instability/):

  of each frame    impact fraction x distance fraction
  impact fraction  the area of the viewport that the moved parts cover before or after, divided by the viewport's
  distance         how far the one moved that moved most, divided by the longer side of the viewport, at most 1

A part has moved if its top left corner is 3 pixels or more from where it was in the frame before and it can be
seen before or after. One that appears, vanishes or grows has not. The scores of all frames are added up.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

PARTS = {
    "header": "body > header",
    "title": "h1",
    "years": ".crumb",
    "state": ".state",
    "notice": ".notice",
    "albums or songs": ".by[aria-label='Count by']",
    "years or decades": ".by[aria-label=Bars]",
    "share": ".choices .take > *",
    "chart": "svg.chart",
    "caption": "figcaption",
    "tile": ".facts > div",
    "coverage": ".coverage",
    "remark": ":is(main, .result, .remarks) > .quiet:not(.coverage)",
    "table": "#numbers > summary",
    "compare": ".compare",
    "links": ".actions",
    "footer": "body > footer",
}
NOTICED = 3.0
"""Pixels."""

Box = Sequence[float]
"""Left, top, width, height."""
Frame = Mapping[str, Box]


def record(context: BrowserContext) -> None:
    """Has every page record where its parts are."""
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    context.add_init_script(script.replace("PARTS", str(PARTS), 1))


def recorded(page: Page) -> list[Frame]:
    """The frames in which a part was elsewhere, of another size, new or gone."""
    frames: list[Frame] = page.evaluate("frames_seen")
    return frames


def score(
    frames: Sequence[Frame], width: float, height: float, *, top: float = 0
) -> tuple[float, dict[str, float]]:
    """How much a viewport of this size moves, scrolled down to `top`; and how much each part has to do with it."""
    whole, by_part = 0.0, dict[str, float]()
    for before, after in pairwise(frames):
        moved = {}
        for name in before.keys() & after.keys():
            distance = max(abs(before[name][side] - after[name][side]) for side in (0, 1))
            seen = [box for box in (_clipped(one[name], width, top, height) for one in (before, after)) if box]
            if distance >= NOTICED and seen:
                moved[name] = (distance, seen)
        if not moved:
            continue
        impact = _union(box for _, seen in moved.values() for box in seen) / (width * height)
        farthest = min(1.0, max(distance for distance, _ in moved.values()) / max(width, height))
        whole += impact * farthest
        for name in moved:
            by_part[name] = by_part.get(name, 0) + impact * farthest
    return whole, by_part


def _clipped(box: Box, width: float, top: float, height: float) -> tuple[float, float, float, float] | None:
    """The corners of what is seen of a box in the viewport."""
    left, above, right, below = box[0], box[1] - top, box[0] + box[2], box[1] + box[3] - top
    left, above, right, below = max(0.0, left), max(0.0, above), min(width, right), min(height, below)
    return (left, above, right, below) if left < right and above < below else None


def _union(boxes: Iterable[tuple[float, float, float, float]]) -> float:
    """The area that some boxes cover together."""
    boxes = list(boxes)
    lines = sorted({side for left, _, right, _ in boxes for side in (left, right)})
    area = 0.0
    for left, right in pairwise(lines):
        reached = 0.0
        for _, above, _, below in sorted(
            (one for one in boxes if one[0] <= left and right <= one[2]), key=lambda one: one[1]
        ):
            area += (right - left) * max(0.0, below - max(above, reached))
            reached = max(reached, below)
    return area
