"""A short run of `make chaos`: nothing is lost, whatever is killed."""

from tests.chaos.faults import FAULTS
from tests.chaos.run import Chaos, Plan
from tests.conftest import database_folder

KILLS = tuple(fault for fault in FAULTS if fault.kills)
SHORT = Plan(7, 20, listeners=6, pause=2, truth_seconds=240, calm_seconds=400, idle_seconds=0, faults=KILLS)
"""How soon a page shows its year would tell of the machine here, so that its bound is wide."""


def test_nothing_is_lost_while_the_parts_of_a_site_are_killed() -> None:
    with database_folder() as folder:
        report = Chaos(SHORT, folder).run()
    assert not report.lost, "\n".join(report.lost)
    assert report.recoveries
    assert report.years >= SHORT.listeners
