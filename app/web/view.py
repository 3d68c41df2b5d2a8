"""What the year page says in numbers: made from an event alone, so that a stored page needs no query."""

from dataclasses import dataclass

from app.progress import Event
from app.web.chart import Chart, draw
from app.web.words import share

WIDE, NARROW = (960, 360), (340, 280)


@dataclass(frozen=True)
class Row:
    """A bar as numbers."""

    year: int
    plays: int
    share: str


@dataclass(frozen=True)
class YearView:
    """The numbers and pictures of one listener's year."""

    scrobbles: int
    placed: int
    matched: int
    nearly: int
    not_found: int
    unplaced: int
    unplaced_share: str
    pending: int
    missing: int
    surplus: int
    median: int | None
    percent: int
    wide: Chart
    narrow: Chart
    rows: tuple[Row, ...]


def view(event: Event, listening_year: int) -> YearView:
    """The view of an event's numbers about what was played in `listening_year`."""
    years = {int(year): plays for year, plays in event.years.items() if plays}
    placed = sum(years.values())
    unplaced = event.scrobbles - placed
    expected = event.scrobbles if event.expected is None else event.expected
    gap = expected - event.scrobbles if event.phase == "completed" else 0
    return YearView(
        scrobbles=event.scrobbles,
        placed=placed,
        matched=max(0, placed - event.fuzzy_matched),
        nearly=event.fuzzy_matched,
        not_found=max(0, unplaced - event.pending),
        unplaced=unplaced,
        unplaced_share=share(unplaced, event.scrobbles),
        pending=event.pending,
        missing=max(gap, 0),
        surplus=max(-gap, 0),
        median=median(years),
        percent=100 * event.page // event.pages if event.pages else 0,
        wide=draw(years, listening_year, width=WIDE[0], height=WIDE[1]),
        narrow=draw(years, listening_year, width=NARROW[0], height=NARROW[1]),
        rows=tuple(Row(year, plays, share(plays, event.scrobbles)) for year, plays in sorted(years.items())),
    )


def table(event: Event) -> str:
    """The same numbers as comma-separated values: a line for each bar, and one for the plays in none."""
    years = sorted((int(year), plays) for year, plays in event.years.items() if plays)
    unplaced = event.scrobbles - sum(plays for _, plays in years)
    lines = ["release_year,plays", *(f"{year},{plays}" for year, plays in years), f",{unplaced}"]
    return "\r\n".join(lines) + "\r\n"


def median(years: dict[int, int]) -> int | None:
    """The release year in the middle of all plays; of two middle ones the earlier."""
    middle = (sum(years.values()) + 1) // 2
    for year in sorted(years):
        middle -= years[year]
        if middle <= 0:
            return year
    return None
