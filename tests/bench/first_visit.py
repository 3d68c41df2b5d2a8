"""A first visit: how many calls a year takes, and how long, compared with pages of 200 at the allowed rate."""

from collections.abc import Iterator

from app.settings import Settings
from demo.lastfm.cast import ACCOUNTS
from demo.lastfm.faults import Fault
from tests.bench.fetches import Fetched, Fetcher, fetcher
from tests.bench.installation import Figure, Installation
from tests.bench.scrobbles import STEVE, YEAR

DEFAULT_RATE: float = Settings.model_fields["lastfm_requests_per_second"].default
FAST = 10.0  # calls a second, where a figure is not about the time
LATENCIES = (0.0, 0.3, 1.0)
USUAL_LATENCY = 0.3
MOST_RATIO, MOST_MEMORY_RATIO, MOST_FAILED = 0.30, 1.3, 2
HELEN, WARM_UP = ACCOUNTS[0], (ACCOUNTS[1], 2023)

LESS_SERVED = (
    ("a Last.fm that grants 500 rows", 500, Fault("grants", amount=500, times=None)),
    ("a Last.fm that grants 200 rows", 200, Fault("grants", amount=200, times=None)),
    ("a Last.fm that fails above 500 rows", 500, Fault("error8", above=500, times=None)),
)


def measure(installation: Installation) -> Iterator[Figure]:
    """Fetch years of 12,100 and 60,000 plays, at several latencies and rates and with fewer rows granted."""
    installation.lastfm.add_account(STEVE)
    for account in (HELEN, STEVE):
        installation.make_up(account.name)
    with fetcher(installation, WARM_UP, DEFAULT_RATE) as fetches:
        for latency in LATENCIES:
            installation.lastfm.latency = latency
            usual = fetches.first(HELEN, YEAR)
            yield _seconds(fetches, usual, latency, f"<= {MOST_RATIO:.2f} x")
            yield _calls(usual, f"a first visit, latency {latency:g} s")
        installation.lastfm.latency = USUAL_LATENCY
        yield _calls(fetches.again(HELEN, YEAR), "reading it anew")
        large = fetches.first(STEVE, YEAR)
        yield _seconds(fetches, large, USUAL_LATENCY, f"<= {MOST_RATIO:.2f} x")
        yield _calls(large, "a first visit")
        ratio = large.memory / usual.memory
        yield Figure(
            f"memory of a worker at {large.plays:,} plays, compared with {usual.plays:,}",
            f"<= {MOST_MEMORY_RATIO:g} x",
            f"{ratio:.2f} x ({large.memory} and {usual.memory} MB)",
            ratio <= MOST_MEMORY_RATIO,
        )
    with fetcher(installation, WARM_UP, FAST) as fetches:
        for latency in LATENCIES:
            installation.lastfm.latency = latency
            yield _seconds(fetches, fetches.first(HELEN, YEAR), latency, "")
        installation.lastfm.latency = USUAL_LATENCY
        for name, rows, fault in LESS_SERVED:
            installation.lastfm.faults.replace([fault])
            yield _calls(fetches.first(HELEN, YEAR), name, rows)
        installation.lastfm.faults.clear()


def _seconds(fetches: Fetcher, fetched: Fetched, latency: float, target: str) -> Figure:
    ratio = fetched.ratio(fetches.rate)
    return Figure(
        f"a first visit, {fetched.plays:,} plays, latency {latency:g} s, {fetches.rate:g} calls a second",
        f"{target} pages of 200 / rate" if target else "",
        f"{ratio:.2f} x ({fetched})",
        not target or (ratio <= MOST_RATIO and not fetched.rejected),
    )


def _calls(fetched: Fetched, what: str, rows: int = 1000) -> Figure:
    most = 1.25 * fetched.plays / rows + 3
    return Figure(
        f"calls for {fetched.plays:,} plays, {what}",
        f"<= 1.25 x plays/{rows} + 3 = {most:.1f}, of these <= {MOST_FAILED} failed",
        f"{fetched.calls}, {fetched.failed} failed",
        fetched.calls <= most and fetched.failed <= MOST_FAILED,
    )
