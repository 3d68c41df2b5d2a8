"""`make chaos`: attack a site that is at work, then see whether anything was lost."""

import shutil
import signal
import sys
import time
from pathlib import Path
from random import SystemRandom

import click
from rich.console import Console
from rich.table import Table

from tests.chaos.faults import FAULTS
from tests.chaos.run import Chaos, Plan, Report
from tests.conftest import database_folder


@click.command()
@click.option(
    "--seconds", type=click.FloatRange(1, 3600), default=300.0, show_default=True, help="How long faults come."
)
@click.option("--seed", type=int, help="What decides which faults come, and when; without one, any.")
@click.option(
    "--listeners",
    type=click.IntRange(1, 100),
    default=20,
    show_default=True,
    help="How many listeners' pages are open.",
)
@click.option(
    "--pause",
    type=click.FloatRange(0.2, 60),
    default=3.0,
    show_default=True,
    help="Seconds between two faults, on average.",
)
@click.option(
    "--calm",
    type=click.FloatRange(10, 3600),
    default=600.0,
    show_default=True,
    help="Seconds that all pages may take after the last fault.",
)
@click.option("--only", multiple=True, help="Only kinds of faults with this text in their name. May be repeated.")
@click.option("--without", multiple=True, help="No kinds of faults with this text in their name. May be repeated.")
def main(
    seconds: float,
    seed: int | None,
    listeners: int,
    pause: float,
    calm: float,
    only: tuple[str, ...],
    without: tuple[str, ...],
) -> None:
    """Kill, cut and stall the parts of a site while years are fetched, then compare everything with Last.fm.

    Everything runs on this machine, and only what was started here is touched. Exits with 1 if anything was lost.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    faults = tuple(
        fault
        for fault in FAULTS
        if any(text in fault.name for text in only or [""]) and not any(text in fault.name for text in without)
    )
    seed = SystemRandom().randrange(10_000) if seed is None else seed
    console = Console(width=None if sys.stdout.isatty() else 140)
    with database_folder() as folder, console.status(f"seed {seed}") as status:
        told = [0.0]

        def tell(text: str) -> None:
            if not sys.stdout.isatty() and time.monotonic() - told[0] > 10:
                told[0] = time.monotonic()
                console.print(f"seed {seed}: {text}")
            status.update(f"seed {seed}: {text}")

        report = Chaos(Plan(seed, seconds, listeners, pause, calm_seconds=calm, faults=faults), folder, tell).run()
        if report.lost:
            kept = Path(f".local/chaos-{seed}")
            _keep_logs(folder, kept)
    console.print(_table(report))
    console.print(
        f"seed {seed}: {len(report.recoveries)} faults, {report.kills} of them kills; {report.years} years with"
        f" {report.plays:,} plays; all shown {report.calm:.0f} s after the last fault,"
        f" at most {report.slowest_page:.1f} s after it was there; {report.pressed} buttons pressed."
    )
    if report.left_out:
        console.print(f"Left out, as they need root, PgBouncer or a C compiler: {', '.join(report.left_out)}.")
    if not report.lost:
        console.print("Nothing was lost.")
        return
    console.print(f"[red]Lost[/] (seed {seed}, logs in {kept}):")
    for line in report.lost:
        console.print(f"  {line}", markup=False)
    sys.exit(1)


def _keep_logs(folder: Path, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*/log"):
        shutil.copy(log, kept / f"{log.parent.name}.log")


def _table(report: Report) -> Table:
    table = Table("fault", "injected", "answers again after", "the next progress after")
    for name, count, answered, advanced in report.rows():
        table.add_row(name, str(count), answered, advanced)
    return table


main()
