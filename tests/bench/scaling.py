"""How far an installation goes: reckoned from what `make bench` has measured, and from what is assumed.

`.venv/bin/python -m tests.bench.scaling` prints the tables of docs/scaling.md, with `--write` into it. Each figure
and assumption is an option, as in `--plays-a-year 30000 --price-small 6`.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from app.redis.event_stream import MAX_SNAPSHOTS
from app.settings import MAX_RATE_AT_LASTFM
from app.web.live.open_pages import MOST_OF_ALL

DOCUMENT = Path(__file__).parents[2] / "docs/scaling.md"
BEGIN, END = "<!-- reckoning -->\n", "<!-- /reckoning -->\n"
VISITORS = (100, 1_000, 10_000, 100_000, 1_000_000)
DAY, HOUR = 86_400, 3_600


@dataclass(frozen=True)
class Figures:
    """What is measured, allowed and assumed, each with what it is."""

    # Measured: docs/performance.md.
    calls_a_year: float = 15  # measured: calls of Last.fm's API for a year of 12,100 plays that is new
    calls_again: float = 13  # measured: the same where its plays were removed to make room
    calls_an_update: float = 2  # measured: calls for the last days of a running year
    bytes_a_play: float = 9  # measured: of the app database, without its names
    bytes_a_song: float = 125  # measured: the same of a song, once for all listeners
    bytes_an_album: float = 250  # measured: the same of an album
    requests_a_second: float = 2034  # measured: of one process, on two cores that the clients shared
    kb_a_page: float = 52  # measured: memory of an open page
    albums_a_second: float = 57358  # measured: looked up by MBID on one core
    mb_of_pages: float = 140  # measured: memory of the pages' process
    mb_of_a_worker: float = 130  # measured: memory of a worker
    seconds_a_fetch: float = 5.0  # measured: a year of 12,100 plays with nobody else at work, at 2 calls a second

    # Allowed.
    storage_mb: float = 100  # allowed: MB of Last.fm's data that its terms allow
    calls_a_second: float = 2  # allowed: LASTFM_REQUESTS_PER_SECOND, at most 4

    # Assumed: who comes, and what they do.
    plays_a_year: float = 12100  # assumed: of a listener
    songs_of_a_year: float = 5000  # assumed: different ones among these plays
    albums_of_a_year: float = 1000  # assumed: different ones
    shared: float = 0.5  # assumed: part of these songs and albums that other listeners have as well
    new_years: float = 0.3  # assumed: years that were never read, for each visitor
    updates: float = 0.2  # assumed: running years that are read on, for each visitor
    replays: float = 0.1  # assumed: bars opened of years read earlier, for each visitor
    return_days: float = 7  # assumed: after so many days on average
    requests: float = 12  # assumed: requests for each visitor, caches of browsers considered
    open_seconds: float = 240  # assumed: for how long a visitor's page is open and follows something
    busiest_hour: float = 0.1  # assumed: part of a day's visitors who come in its busiest hour

    # Assumed: euros a month.
    price_small: float = 8  # assumed: a machine of 2 cores, 4 GB, 40 GB of disk
    price_large: float = 30  # assumed: a machine of 8 cores, 16 GB, 160 GB of disk
    price_database_asleep: float = 0  # assumed: a database that sleeps most of the day
    price_database: float = 20  # assumed: one that does not


@dataclass(frozen=True)
class Demand:
    """What so many visitors a day take."""

    figures: Figures
    visitors: int

    @property
    def in_busiest_second(self) -> float:
        """How many come in a second of the busiest hour."""
        return self.visitors * self.figures.busiest_hour / HOUR

    @property
    def years(self) -> float:
        """How many years are read a day that were never read."""
        return self.visitors * self.figures.new_years

    @property
    def days_kept(self) -> float:
        """For how many days plays stay before they give way to others."""
        f = self.figures
        names = f.songs_of_a_year * f.bytes_a_song + f.albums_of_a_year * f.bytes_an_album
        return f.storage_mb * 1e6 / (f.plays_a_year * f.bytes_a_play + (1 - f.shared) * names) / self.years

    @property
    def calls(self) -> float:
        """How many calls of Last.fm's API are made for a visitor, on average."""
        f = self.figures
        gone = math.exp(-self.days_kept / f.return_days)  # of the years whose bars are opened later
        scale = f.plays_a_year / 12_100
        return (
            scale * (f.new_years * f.calls_a_year + f.replays * gone * f.calls_again)
            + f.updates * f.calls_an_update
        )

    @property
    def of_calls(self) -> float:
        """How much of the allowed calls the busiest hour takes."""
        return self.in_busiest_second * self.calls / self.figures.calls_a_second

    @property
    def of_requests(self) -> float:
        """How much of what one process serves the busiest hour takes."""
        return self.in_busiest_second * self.figures.requests / self.figures.requests_a_second

    @property
    def open_pages(self) -> float:
        """How many pages are open in the busiest hour."""
        return self.in_busiest_second * self.figures.open_seconds

    @property
    def of_open_pages(self) -> float:
        """How much of what one process admits that is."""
        return self.open_pages / MOST_OF_ALL

    @property
    def of_lookups(self) -> float:
        """How much of what one core of the mirror looks up the busiest hour takes."""
        albums = self.figures.albums_of_a_year * self.figures.new_years
        return self.in_busiest_second * albums / self.figures.albums_a_second

    @property
    def hours_remembered(self) -> float:
        """For how many hours Redis remembers what was read, so that the app database is not asked."""
        return MAX_SNAPSHOTS / (self.years + self.visitors * self.figures.updates) * 24

    @property
    def webs(self) -> int:
        """How many processes of pages it takes, each at two thirds of what it can."""
        return max(1, math.ceil(max(self.of_requests, self.of_open_pages) * 1.5))

    @property
    def workers(self) -> int:
        """How many fetches are under way at once, as far as Last.fm allows; never fewer than two."""
        wanted = self.in_busiest_second * self.figures.new_years * self.figures.seconds_a_fetch
        most = self.figures.calls_a_second * self.figures.seconds_a_fetch / self.figures.calls_a_year
        return max(2, math.ceil(min(wanted, most)) + 1)

    @property
    def memory_mb(self) -> float:
        """What pages and workers take, beside 600 MB of Caddy, Valkey, dashboard and system."""
        f = self.figures
        return 600 + f.mb_of_pages + self.open_pages * f.kb_a_page / 1000 + self.workers * f.mb_of_a_worker

    @property
    def is_asleep(self) -> bool:
        """Whether the app database sleeps for most of the day: years are fetched in less than a third of it."""
        return self.years * self.figures.seconds_a_fetch < DAY / 3

    @property
    def machines(self) -> str:
        """Which machines it takes."""
        if self.webs > 1:
            return f"{self.webs} small for pages, 1 large for the mirror, workers and Valkey"
        return "1 small" if self.memory_mb < 2500 and self.of_requests < 1 / 3 else "1 large"

    @property
    def price(self) -> float:
        """What that costs a month."""
        f = self.figures
        machines = {True: f.price_small, False: f.price_large}[self.machines == "1 small"]
        if self.webs > 1:
            machines = self.webs * f.price_small + f.price_large
        return machines + (f.price_database_asleep if self.is_asleep else f.price_database)

    @property
    def verdict(self) -> str:
        """Say what is in the way."""
        if self.of_calls > MAX_RATE_AT_LASTFM / self.figures.calls_a_second:
            return "Last.fm's calls: a key may not make so many"
        if self.of_calls > 1:
            return f"`LASTFM_REQUESTS_PER_SECOND={math.ceil(self.of_calls * self.figures.calls_a_second)}`"
        return "nothing" if self.days_kept >= self.figures.return_days else "plays of bars are read again"


LIMITS: dict[str, Callable[[Demand], float]] = {
    "calls of Last.fm's API, a key at 2 a second": lambda at: at.of_calls,
    "the same at 4, the most that is allowed": lambda at: (
        at.of_calls * at.figures.calls_a_second / MAX_RATE_AT_LASTFM
    ),
    "100 MB of Last.fm's data: plays stay for a week": lambda at: 7 / at.days_kept,
    "open pages of one process": lambda at: at.of_open_pages,
    "requests to one process": lambda at: at.of_requests,
    "Redis remembers what was read for a day": lambda at: 24 / at.hours_remembered,
    "look-ups by one core of the mirror": lambda at: at.of_lookups,
}
"""What has an end -> how much of it is taken."""


def most_visitors(figures: Figures, share: Callable[[Demand], float]) -> int:
    """Return how many visitors a day something bears, in two digits."""
    low, high = 1, 10**10
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if share(Demand(figures, middle)) <= 1 else (low, middle - 1)
    unit = int(10 ** max(0, len(str(low)) - 2))
    return low // unit * unit


def tables(figures: Figures) -> str:
    """Return what docs/scaling.md shows."""
    return "\n".join([*_limits(figures), "", *_sizes(figures), "", *_assumptions(figures), ""])


def _limits(figures: Figures) -> Iterator[str]:
    yield "| what has an end | reached at visitors a day |"
    yield "|---|---:|"
    found = {name: most_visitors(figures, share) for name, share in LIMITS.items()}
    for name, most in sorted(found.items(), key=lambda one: one[1]):
        yield f"| {name} | {most:,} |"


def _sizes(figures: Figures) -> Iterator[str]:
    heads = ["visitors a day", "new years", "of 2 calls a second", "plays stay", "open pages", "requests a second"]
    yield f"| {' | '.join([*heads, 'machines', 'euros a month', 'in the way'])} |"
    yield "|---:|---:|---:|---:|---:|---:|---|---:|---|"
    for visitors in VISITORS:
        at = Demand(figures, visitors)
        requests = at.in_busiest_second * figures.requests
        cells = [
            f"{visitors:,}",
            f"{at.years:,.0f}",
            f"{at.of_calls:,.0%}".replace("%", " %"),
            _time(at.days_kept),
        ]
        cells += [f"{at.open_pages:,.0f}", f"{requests:,.1f}", at.machines, f"{at.price:,.0f}", at.verdict]
        yield f"| {' | '.join(cells)} |"


def _time(days: float) -> str:
    if days >= 365:
        return "over a year"
    hours = days * 24
    return (
        f"{days:,.0f} days" if days >= 2 else f"{hours:,.0f} hours" if hours >= 2 else f"{hours * 60:,.0f} minutes"
    )


def _assumptions(figures: Figures) -> Iterator[str]:
    yield "| figure | value | what it is |"
    yield "|---|---:|---|"
    for name, what in described().items():
        yield f"| `--{name.replace('_', '-')}` | {getattr(figures, name):g} | {what} |"


def described() -> dict[str, str]:
    """Return what each figure is, from the comment beside it."""
    lines = [line.partition("  # ") for line in Path(__file__).read_text(encoding="utf-8").splitlines()]
    known = {field.name for field in fields(Figures)}
    named = {code.strip().partition(":")[0]: what for code, _, what in lines if what}
    return {name: what for name, what in named.items() if name in known}


def main() -> None:
    """Print the tables, or write them into the document."""
    parser = argparse.ArgumentParser(description="How far an installation goes.")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/scaling.md")
    for field in fields(Figures):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=float, default=field.default, help=described()[field.name])
    given = vars(parser.parse_args())
    write = given.pop("write")
    text = tables(Figures(**given))
    if write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        DOCUMENT.write_text(before + BEGIN + text + END + rest.partition(END)[2], encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
