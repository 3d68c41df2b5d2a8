"""Run seeds of the simulation: `python -m tests.simulation --seeds 1000`, or one of them: `--seed 17`."""

import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from random import SystemRandom

import click
import structlog

from app.store import connect
from app.store.migrate import migrate
from demo import services
from tests.conftest import database_folder
from tests.simulation.world import World, worlds


@contextmanager
def own_services() -> Iterator[Callable[[int], World]]:
    """Start a PostgreSQL and a Valkey for this process, and give what makes worlds in them."""
    with (
        database_folder() as folder,
        services.postgres(folder / "data") as admin,
        services.valkey(folder) as redis_url,
    ):
        url = services.create_database(admin, "simulation")
        with connect(url) as connection:
            migrate(connection)
        with worlds(url, redis_url) as world:
            yield world


def failure_of(world: Callable[[int], World], seed: int, *, quiet: bool = True) -> str:
    """Run a seed; returns what went wrong, or nothing."""
    made = world(seed)
    if quiet:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        made.live()
    except Exception:  # noqa: BLE001  whatever it is, this seed found it
        return f"seed {seed}: {made.manners}\n{made.story}\n{traceback.format_exc(limit=-3)}"
    finally:
        structlog.reset_defaults()
    return ""


def _run(seeds: range) -> list[str]:
    with own_services() as world:
        return [failure for seed in seeds if (failure := failure_of(world, seed))]


@click.command()
@click.option("--seeds", default=200, show_default=True, help="How many seeds to run.")
@click.option("--first", default=None, type=int, help="The first of them; a random one if none is given.")
@click.option("--seed", default=None, type=int, help="Run this one only, and show the log.")
@click.option("--processes", default=2, show_default=True, help="How many run side by side.")
def main(seeds: int, first: int | None, seed: int | None, processes: int) -> None:
    """Simulate fetches of years from a Last.fm that errs in every way it is known to."""
    if seed is not None:
        with own_services() as world:
            failure = failure_of(world, seed, quiet=False)
        click.echo(failure or f"Seed {seed} holds.")
        sys.exit(bool(failure))
    began = time.monotonic()
    first = SystemRandom().randrange(10**9) if first is None else first
    parts = [range(first + nth, first + seeds, processes) for nth in range(processes)]
    # An executor waits for its processes when it is interrupted, which then end what they have started.
    with ProcessPoolExecutor(processes, get_context("fork")) as executor:
        failures = [failure for part in executor.map(_run, parts) for failure in part]
    for failure in failures:
        click.echo(failure)
    seconds = time.monotonic() - began
    click.echo(f"{seeds} seeds from {first}: {len(failures)} violations, in {seconds:.0f} s.")
    if failures:
        click.echo("Repeat one with: .venv/bin/python -m tests.simulation --seed N")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
