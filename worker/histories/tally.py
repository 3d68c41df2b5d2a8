"""The tally of a history: plays by release year, and what has none, as a table and as a picture."""

from collections import Counter
from datetime import UTC, datetime
from typing import Literal

from rich.bar import Bar
from rich.console import Console
from rich.table import Column, Table

from app.charts.bar_chart import BarChart, draw_bar_chart
from app.charts.release_years import median
from app.formatting import counted, share
from app.pictures.content import Content
from app.pictures.drawing import draw_picture
from mirror.matching.reasons import Reason
from worker.histories.rows import ReleaseYear

By = Literal["year", "decade"]
MAX_YEARS = 30  # that the table has a line for each, unless asked to
WIDEST = 100  # letters of the table


class Tally:
    """Counts the plays of a history."""

    def __init__(self) -> None:
        self.years = Counter[int]()
        self.without = Counter[Reason]()
        """Plays without a release year, by the reason."""
        self.short = self.unreadable = 0

    def count(self, found: ReleaseYear, plays: int, short: int = 0) -> None:
        """Count rows that were read: so many plays, and so many that are too short to be one."""
        self.short += short
        if plays and found.year:
            self.years[found.year] += plays
        elif plays and found.reason:
            self.without[found.reason] += plays

    @property
    def rows(self) -> int:
        """All rows, readable or not."""
        return self.plays + self.short + self.unreadable

    @property
    def plays(self) -> int:
        """The rows that count as plays."""
        return self.placed + self.without.total()

    @property
    def placed(self) -> int:
        """Plays with a release year."""
        return self.years.total()

    def show(self, console: Console, by: By | None) -> None:
        """Print the chart as a table, and below it what is not in it."""
        if self.years:
            by = by or ("year" if max(self.years) - min(self.years) < MAX_YEARS else "decade")
            console.print(self._table(min(WIDEST, console.width), by))
        console.print(f"{coverage(self)}." + " Of the others:" * bool(self.without), highlight=False)
        console.print(self._reasons(), end="")
        if self.short:
            console.print(f"{counted(self.short, 'row')} of under 30 seconds: not counted.", highlight=False)
        if self.unreadable:
            console.print(f"{counted(self.unreadable, 'row')} could not be read: left out.", highlight=False)

    def picture(self, name: str, by: By | None) -> str:
        """Draw the chart as an SVG."""
        headline = f"Half of the music came out by {median(self.years)}." if self.years else "No release years"
        by_decade = by == "decade"
        return draw_picture(
            Content(title=f"{name}, by release year", headline=headline, facts=coverage(self)),
            f"{coverage(self)}.",
            bars=self._chart(by_decade=by_decade) if self.years else None,
            whole=self.placed if by_decade else 0,
        )

    def _chart(self, *, by_decade: bool) -> BarChart:
        # No year is marked as the listening year.
        return draw_bar_chart(self.years, datetime.now(UTC).year + 1, by_decade=by_decade)

    def _reasons(self) -> Table:
        table = Table.grid(Column(justify="right"), "", padding=(0, 0, 0, 2))
        for reason, plays in self.without.most_common():
            table.add_row(f"{plays:,}", reason.sentence)
        return table

    def _table(self, width: int, by: By) -> Table:
        size = 10 if by == "decade" else 1
        bars = Counter[int]()
        for year, plays in self.years.items():
            bars[year // size * size] += plays
        most = max(bars.values())
        table = Table("released", "", box=None, width=width, pad_edge=False)
        table.columns[1].ratio = 1
        table.add_column("plays", justify="right")
        table.add_column("", justify="right")
        for first in range(min(bars), max(bars) + 1, size):
            if plays := bars[first]:
                name = f"{first}s" if by == "decade" else str(first)
                table.add_row(name, Bar(most, 0, plays), f"{plays:,}", share(plays, self.placed))
        return table


def coverage(tally: Tally) -> str:
    """Say of how many plays the release year is known."""
    return f"Release year known for {tally.placed:,} of {counted(tally.plays, 'play')}"
