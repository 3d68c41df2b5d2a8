"""The time that is left: near the truth from the third second on, and never told to be more than it was.

Fetches are played in virtual time, one to four at once. Of what nobody can know beforehand, an error or a fetch
that comes later, a figure told before it is held against the end that there would have been.
"""

from dataclasses import dataclass, replace
from math import exp, log
from random import Random

import pytest

from app.redis.allowance import Allowance
from tests.unit.worker.fetching.virtual_fetches import Manners, VirtualRun, World
from worker.fetching.time_left.forecast import LATE, SILENT, SLACK, Promise
from worker.fetching.time_left.rehearsal import Split, Work, rehearse
from worker.fetching.time_left.speed import Speed
from worker.lastfm.demand import Demand

SEEDS = range(24)
FROM = 3.0
"""Seconds after which figures are held against the truth."""
FEW = 5
"""Below this a page says "a few seconds", which may be as many as these and half of them more."""
STEP = 0.5


@dataclass(frozen=True)
class Seen:
    """What a page shows at one moment, and how many seconds are left in truth."""

    shown: int | None
    truth: float

    def is_within(self, part: float, least: float) -> bool:
        """Whether the figure is off by no more than a part of the truth, or so many seconds."""
        if self.shown is None:
            return True
        if self.shown < FEW:
            return self.truth <= FEW * (1 + part) + least
        return abs(self.shown - self.truth) <= max(least, part * self.truth)


def manners(rng: Random, most: int) -> Manners:
    plays = round(exp(rng.uniform(log(200), log(most))))
    return Manners(
        plays=plays,
        latency=rng.uniform(0.1, 1.0),
        store=rng.uniform(0.03, 0.4),
        match=rng.uniform(0.003, 0.02),
        unmatched=round(plays**0.75 * rng.uniform(0.1, 0.5)),
        begins=rng.uniform(0.0, 1.0),
    )


def looks(run: VirtualRun, until: float, end: float) -> list[Seen]:
    """Look at a page from the third second `until` a time; its truth is counted to `end`."""
    seen, at = [], run.began + FROM
    while at < until:
        seen.append(Seen(run.shown(at), end - at))
        at += STEP
    return seen


def played(seed: int, upset: str) -> tuple[list[list[int]], list[Seen]]:
    """Play one to four fetches. Return the figures of each, and everything that was seen."""
    rng = Random(seed)
    together = 2 + seed % 3 if upset == "another comes" else 1 + seed % 4
    runs = [manners(rng, 60_000 if together > 2 else 200_000) for _ in range(together)]
    calm = runs
    if upset == "an error":
        calls = max(2, runs[0].plays // 1000)
        runs = [
            replace(runs[0], fails_at=rng.randint(2, calls), fails_for=rng.choice((1.0, 2.0, 5.0, 10.0))),
            *runs[1:],
        ]
    if upset == "another comes":
        runs = [*runs[:-1], replace(runs[-1], begins=rng.uniform(5.0, 30.0))]
        calm = runs[:-1]
    world = without = World(seed, runs)
    world.live()
    if upset != "nothing":
        without = World(seed, calm)
        without.live()
    upset_at = {
        "nothing": float("inf"),
        "an error": next(iter(world.runs[0].upsets), float("inf")),
        "another comes": runs[-1].begins,
    }[upset]
    seen: list[Seen] = []
    for run, undisturbed in zip(world.runs, [*without.runs, *world.runs[len(calm) :]], strict=True):
        if upset_at < run.ended and run.began < upset_at:
            seen += looks(undisturbed, min(upset_at, undisturbed.ended), undisturbed.ended)
            at = max(upset_at, run.began + FROM)
            told = [one.at for one in run.told if one.at > upset_at]
            # From the first event on that can know of it.
            first = next(iter(told), run.ended)
            while at < run.ended:
                if at >= first:
                    seen.append(Seen(run.shown(at), run.ended - at))
                at += STEP
        else:
            seen += looks(run, run.ended, run.ended)
    figures = [
        [shown for one in looks(run, run.ended, run.ended) if (shown := one.shown) is not None]
        for run in world.runs
    ]
    return figures, seen


def test_what_seems_to_be_left_in_the_first_seconds_is_not_told() -> None:
    promise = Promise(began=100.0)
    assert promise.told(100.0 + SILENT - 0.1, 9.0) is None
    assert promise.told(100.0 + SILENT, 40.0) == 40, "the nine seconds do not bind"


def test_a_figure_falls_stands_still_or_is_withdrawn_until_it_is_true_again() -> None:
    promise = Promise(began=0.0)
    assert promise.told(10.0, 30.0) == 30
    assert promise.told(12.0, 25.0) == 25, "less is told at once"
    assert promise.told(15.0, 23.0) == 22, "a little more is not told: it stands still against the pages' count"
    assert promise.told(15.0, 23.0) == 22
    assert promise.told(16.0, LATE * 21 + SLACK + 0.1) is None
    assert promise.told(17.0, 60.0) is None
    assert promise.told(50.0, 26.0) is None
    assert promise.told(51.0, 24.0) == 21, "as pages showed it last"


def test_a_run_that_goes_on_tells_no_more_than_it_did_before_its_worker_died() -> None:
    promise = Promise(began=0.0, least=12.0)
    assert promise.told(5.0, 40.0) is None
    assert promise.told(33.0, 13.0) == 12


def test_a_count_that_is_nonsense_costs_no_time() -> None:
    plays = 2.0**31
    work = Work(asked=[(plays, Split(2, [plays]))], on_wire=1, todo=[], granted=1, may_cut=9, most=12)
    seconds, demand = rehearse(work, Allowance(0, 6, 2.0, 2.0, 0, None), [Demand(10**9)], Speed())
    assert (seconds, demand.calls) == (2 * plays, 2 * plays)


@pytest.mark.parametrize("upset", ["nothing", "an error", "another comes"])
def test_it_is_within_a_third_of_the_truth_from_the_third_second_on_and_never_goes_up(upset: str) -> None:
    seen = []
    for seed in SEEDS:
        figures, looked = played(seed, upset)
        assert all(told == sorted(told, reverse=True) for told in figures), f"seed {seed}"
        seen += looked
    wrong = [one for one in seen if not one.is_within(1 / 3, 1.0)]
    assert len(wrong) <= 0.01 * len(seen), f"{len(wrong)} of {len(seen)}: {wrong[:9]}"
    assert all(one.is_within(1 / 2, 2.5) for one in seen), [one for one in seen if not one.is_within(1 / 2, 2.5)]
    silent = [one for one in seen if one.shown is None]
    assert len(silent) < 0.2 * len(seen), "a figure is there most of the time"
