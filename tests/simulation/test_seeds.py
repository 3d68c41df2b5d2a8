"""Seeds of the simulation: always the same ones, and some that nobody has seen before."""

from collections.abc import Callable, Iterator
from random import SystemRandom

import pytest

from tests.simulation.__main__ import failure_of, own_services
from tests.simulation.world import World

KNOWN = [range(first, first + 10) for first in range(0, 50, 10)]
FRESH = [range(first, first + 10) for first in (SystemRandom().randrange(10**9) for _ in range(2))]


@pytest.fixture(scope="session")
def world() -> Iterator[Callable[[int], World]]:
    with own_services() as make_world:
        yield make_world


def holds(world: Callable[[int], World], seeds: range) -> None:
    for seed in seeds:
        failure = failure_of(world, seed)
        assert not failure, f"{failure}\nRepeat it with: .venv/bin/python -m tests.simulation --seed {seed}"


@pytest.mark.parametrize("seeds", KNOWN, ids=lambda seeds: f"{seeds.start} to {seeds.stop - 1}")
def test_years_are_whole_whatever_last_fm_answers_and_whenever_the_worker_dies(
    world: Callable[[int], World], seeds: range
) -> None:
    holds(world, seeds)


@pytest.mark.parametrize("nth", range(len(FRESH)))
def test_so_they_are_with_seeds_that_nobody_has_seen(world: Callable[[int], World], nth: int) -> None:
    holds(world, FRESH[nth])
