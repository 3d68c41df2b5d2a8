"""Provision tests need root on Linux: they boot a Debian 13 and stand up the site in it, as an operator would."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.provision import host, stages
from tests.provision.base import bare_debian
from tests.provision.machine import Machine
from tests.provision.operator import Operator
from tests.provision.outside import Outside
from tests.provision.outside import outside as stand_ins
from tests.provision.stages import stage

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They come last."""
    items.sort(key=lambda item: item.path.is_relative_to(HERE))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The minutes of every stage."""
    if stages.TAKEN:
        terminalreporter.section("stages")
        for line in stages.table():
            terminalreporter.line(line)


@pytest.fixture(scope="session", autouse=True)
def able_host() -> None:
    """Skips where a machine cannot be booted; on CI, as root, that is a failure."""
    if lack := host.lack():
        (pytest.fail if os.environ.get("CI") and os.geteuid() == 0 else pytest.skip)(lack)


@pytest.fixture(scope="module")
def machine(able_host: None) -> Iterator[Machine]:
    """A bare Debian for the tests of one file."""
    with ExitStack() as stack:
        with stage("debootstrap (kept for the next time)"):
            bare_debian()
        with stage("boot a bare Debian 13"):
            machine = stack.enter_context(Machine.booted())
        yield machine


@pytest.fixture(scope="module")
def outside(machine: Machine) -> Iterator[Outside]:
    """Last.fm, MetaBrainz and Neon, where the machine reaches them."""
    with stand_ins(machine.host_address) as outside:
        yield outside


@pytest.fixture(scope="module")
def operator(machine: Machine, outside: Outside, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """The operator of that machine."""
    return Operator.of(tmp_path_factory.mktemp("operator") / "inventory", machine, outside)
