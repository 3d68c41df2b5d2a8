"""systemd, as `systemctl` describes it: which units this machine has, and how they are."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

OURS, WORKERS = "lastyear*", "lastyear-worker@*"
APPLICATION = (WORKERS, "lastyear-web.service", "lastyear-mirror-import@*")
"""Units of which a machine has at least one on which our own code serves, fetches or imports."""
BOOTED = Path("/run/systemd/system")  # exists if systemd is the init, see sd_booted(3)
UNIT_FILES = Path("/etc/systemd/system")  # where an installation puts its own
TIMEOUT_SECONDS = 10
PROPERTIES = (
    "Id,Type,RemainAfterExit,LoadState,ActiveState,SubState,Result,UnitFileState,WantedBy,RequiredBy,"
    "ConditionResult,ConditionTimestampMonotonic"
)
NO_ANSWER = (OSError, subprocess.SubprocessError, ValueError)
"""What the functions below raise where systemctl gives no usable answer."""

Unit = dict[str, str]
"""The properties of a unit, by name."""


@cache
def has_units() -> bool:
    """Whether this machine has systemd and units of ours, also while systemctl gives no answer."""
    if not (BOOTED.is_dir() and shutil.which("systemctl")):
        return False
    try:
        return bool(_listed("list-unit-files", (OURS,)))
    except NO_ANSWER:
        return any(UNIT_FILES.glob(OURS))


def is_enabled(name: str) -> bool:
    """Whether this machine starts the unit at boot. False without systemd."""
    try:
        return has_units() and systemctl("is-enabled", name) == "enabled"
    except NO_ANSWER:
        return False


def loaded_units(pattern: str) -> list[str]:
    """Return the names of units that systemd has loaded, running or not. Empty without systemd."""
    try:
        return sorted(unit["unit"] for unit in _listed("list-units", (pattern,), "--all")) if has_units() else []
    except NO_ANSWER:
        return []


def runs_workers() -> bool:
    """Whether workers belong on this machine: anywhere but on one whose units are of other kinds only."""
    return not has_units() or bool(loaded_units(WORKERS))


def runs_application() -> bool:
    """Whether our own code serves, fetches or imports here: anywhere but on a machine with Caddy or Valkey alone.

    Taken for true where systemctl gives no answer.
    """
    try:
        return not has_units() or bool(_listed("list-units", APPLICATION, "--all"))
    except NO_ANSWER:
        return True


def read_units(*patterns: str) -> list[Unit]:
    """Return the units that match and are installed or loaded."""
    names = {unit["unit_file"] for unit in _listed("list-unit-files", patterns)}
    # Instances of a template have no file of their own, and a template itself has no state.
    names |= {unit["unit"] for unit in _listed("list-units", patterns, "--all")}
    named = sorted(name for name in names if "@." not in name)
    if not named:
        return []
    blocks = systemctl("show", f"--property={PROPERTIES}", "--", *named).split("\n\n")
    units = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    return [unit for unit in units if unit.get("Id")]


def _listed(command: str, patterns: tuple[str, ...], *options: str) -> list[dict[str, Any]]:
    listed = json.loads(systemctl(command, *options, "--output=json", "--", *patterns) or "[]")
    return [unit for unit in listed if isinstance(unit, dict)]


def systemctl(*arguments: str) -> str:
    """Run systemctl, and return what it prints."""
    return output_of("systemctl", "--no-pager", "--no-ask-password", *arguments)


def output_of(*command: str) -> str:
    """Run a command, and return what it prints, whether it succeeds or not."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)  # noqa: S603
    return done.stdout.strip()
