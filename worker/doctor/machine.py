"""Check the machine: the state of our systemd units, if it has systemd and such units."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from worker.doctor.finding import CheckContext, Finding, ill, warning, well

PART = "units"
PARTS = (PART,)

BOOTED = Path("/run/systemd/system")  # exists if systemd is the init, see sd_booted(3)
PATTERN = "lastyear*"
FAILURE_UNIT = "lastyear-failure@"  # reports that another unit has failed
TIMEOUT_SECONDS = 10
PROPERTIES = "Id,Type,LoadState,ActiveState,SubState,Result,UnitFileState,WantedBy,RequiredBy"


def check_machine(context: CheckContext) -> Iterator[Finding]:
    """Report each unit that is not well, or all of them at once. A machine without units is not reported on."""
    if not has_units():
        return
    try:
        units = [unit for unit in _units() if unit.get("Id")]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        yield warning(
            PART, f"systemctl gave no usable answer ({type(error).__name__})", f"`systemctl status '{PATTERN}'`"
        )
        return
    faults = [fault for unit in units if (fault := _fault(unit))]
    yield from faults
    if not faults:
        yield well(PART, f"all {len(units)} are well")


@cache
def has_units() -> bool:
    """Whether this machine has systemd and units of ours."""
    if not (BOOTED.is_dir() and shutil.which("systemctl")):
        return False
    try:
        return bool(_listed("list-unit-files"))
    except (OSError, subprocess.SubprocessError, ValueError):
        return False


def is_enabled(unit: str) -> bool:
    """Whether this machine starts the unit at boot."""
    if not has_units():
        return False
    try:
        return _systemctl("is-enabled", unit) == "enabled"
    except (OSError, subprocess.SubprocessError):
        return False


def _fault(unit: dict[str, str]) -> Finding | None:
    name, active = unit["Id"], unit.get("ActiveState", "")
    journal = f"`journalctl -u {name} -n 50`, then `systemctl restart {name}`"
    if unit.get("LoadState") not in ("loaded", "masked"):
        return ill(PART, f"{name} cannot be loaded ({unit.get('LoadState')})", f"`systemd-analyze verify {name}`")
    if name.startswith(FAILURE_UNIT):
        # It is rate-limited on purpose; the unit that it reports has its own finding.
        if active != "failed" or unit.get("Result") == "start-limit-hit":
            return None
        return warning(PART, f"{name} could not report a failure", f"`journalctl -u {name} -n 50`")
    if active == "failed":
        return ill(PART, f"{name} has failed ({unit.get('Result')})", journal)
    if unit.get("SubState") == "auto-restart":
        return warning(PART, f"{name} keeps restarting ({unit.get('Result')})", journal)
    if active == "inactive" and _should_be_active(unit):
        return ill(PART, f"{name} is not running", f"`systemctl start {name}`")
    return None


def _should_be_active(unit: dict[str, str]) -> bool:
    """Whether it is enabled or wanted by another unit, and is no chore, which ends when it is done."""
    if unit.get("Type") == "oneshot" or unit.get("LoadState") == "masked":
        return False
    wanted = unit.get("WantedBy") or unit.get("RequiredBy")
    return bool(wanted) or unit.get("UnitFileState", "").startswith("enabled")


def _units() -> list[dict[str, str]]:
    names = {unit["unit_file"] for unit in _listed("list-unit-files")}
    # Instances of a template have no file of their own, and a template itself has no state.
    names |= {unit["unit"] for unit in _listed("list-units", "--all")}
    named = sorted(name for name in names if "@." not in name)
    if not named:
        return []
    blocks = _systemctl("show", f"--property={PROPERTIES}", "--", *named).split("\n\n")
    return [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]


def _listed(*command: str) -> list[dict[str, Any]]:
    listed = json.loads(_systemctl(*command, "--output=json", "--", PATTERN) or "[]")
    return [unit for unit in listed if isinstance(unit, dict)]


def _systemctl(*arguments: str) -> str:
    command = ["systemctl", "--no-pager", "--no-ask-password", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)  # noqa: S603
    return done.stdout.strip()
