"""`make bench`: measure what docs/performance.md promises, as ratios within one run."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.bench import (
    crowded_queue,
    day,
    enrichment,
    first_bars,
    first_paint,
    first_visit,
    histories,
    importing,
    matching,
    open_pages,
    page_costs,
    replication,
    returning_visit,
    scrobbles,
    visits_during_fetch,
)
from tests.bench.installation import Figure, Installation, installed

MEASURES: dict[str, Callable[[Installation], Iterator[Figure]]] = {
    "returning_visit": returning_visit.measure,
    "page_costs": page_costs.measure,
    "open_pages": open_pages.measure,
    "first_bars": first_bars.measure,
    "first_paint": first_paint.measure,
    "crowded_queue": crowded_queue.measure,
    "day": day.measure,
    "first_visit": first_visit.measure,
    "visits_during_fetch": visits_during_fetch.measure,
    "scrobbles": scrobbles.measure,
    "enrichment": enrichment.measure,
    "importing": importing.measure,
    "replication": replication.measure,
    "matching": matching.measure,
    "histories": histories.measure,
}


def main() -> None:
    """Measure everything, or what is named on the command line."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    names = sys.argv[1:] or list(MEASURES)
    table = Table("figure", "target", "measured", "reached")
    reached = True
    with TemporaryDirectory() as folder, installed(Path(folder)) as installation, console.status("Measuring ..."):
        for name in names:
            installation.reset()
            for figure in MEASURES[name](installation):
                verdict = "" if not figure.target else "yes" if figure.reached else "[red]NO[/]"
                table.add_row(figure.name, figure.target, figure.measured, verdict)
                console.log(f"{figure.name}: {figure.measured}")
                reached &= figure.reached
    console.print(table)
    sys.exit(0 if reached else 1)


main()
