"""What a machine's own doctor says of it."""

from tests.conftest import wait_until
from tests.provision.machine import Failed, Machine


def wait_until_well(machine: Machine, *, seconds: float = 120) -> None:
    """Until the doctor finds nothing wrong; an error says what it finds."""
    wait_until(lambda: not complaints(machine), seconds=seconds, otherwise=lambda: complaints(machine))


def complaints(machine: Machine) -> str:
    """What it finds wrong; empty if nothing."""
    try:
        machine.run("lastyear doctor")
    except Failed as error:
        return str(error)
    return ""
