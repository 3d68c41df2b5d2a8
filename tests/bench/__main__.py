"""`make bench`: what README promises, measured on this machine, as ratios within one run."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.bench import (
    enrichment,
    first_bars,
    first_visit,
    importing,
    matching,
    open_pages,
    replication,
    returning_visit,
)
from tests.bench.stage import Row, Stage, stage

MEASURES: dict[str, Callable[[Stage], Iterator[Row]]] = {
    "returning_visit": returning_visit.measure,
    "open_pages": open_pages.measure,
    "first_bars": first_bars.measure,
    "first_visit": first_visit.measure,
    "enrichment": enrichment.measure,
    "importing": importing.measure,
    "replication": replication.measure,
    "matching": matching.measure,
}


def main() -> None:
    """Measures everything, or what is named on the command line."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    names = sys.argv[1:] or list(MEASURES)
    table = Table("figure", "must", "measured", "")
    reached = True
    with TemporaryDirectory() as folder, stage(Path(folder)) as parts, console.status("Measuring ..."):
        for name in names:
            parts.forget()
            for row in MEASURES[name](parts):
                table.add_row(row.figure, row.must, row.measured, "yes" if row.reached else "[red]NO[/]")
                console.log(f"{row.figure}: {row.measured}")
                reached &= row.reached
    console.print(table)
    sys.exit(0 if reached else 1)


main()
