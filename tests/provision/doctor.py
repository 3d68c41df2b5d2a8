"""What a machine's own doctor says of it."""

from tests.conftest import wait_until
from tests.provision.machine import Machine


def doctor(machine: Machine) -> tuple[int, str]:
    """What it ends with, and what it says."""
    said = machine.run("lastyear doctor; echo $?")
    text, _, code = said.rstrip().rpartition("\n")
    return int(code), text


def wait_until_well(machine: Machine, *, seconds: float = 120) -> None:
    """Until the doctor finds nothing wrong; an error says what it finds."""
    wait_until(lambda: doctor(machine)[0] == 0, seconds=seconds, otherwise=lambda: doctor(machine)[1])
