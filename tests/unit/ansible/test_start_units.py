"""`start-units`, which gives a machine the units of its groups and takes those of other groups from it."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "ansible/roles/lastyear/files/start-units"
ALL = [
    "lastyear-dashboard.service",
    "lastyear-dashboard.socket",
    "lastyear-doctor.timer",
    "lastyear-mirror-import@always.service",
    "lastyear-mirror-import@needed.service",
    "lastyear-mirror-replicate.timer",
    "lastyear-rematch.timer",
    "lastyear-web.service",
    "lastyear-web.socket",
    "lastyear-worker@1.service",
    "lastyear-worker@2.service",
    "lastyear.target",
]
WEB = ["lastyear-web.socket", "lastyear-web.service"]
WORKERS = ["lastyear-worker@1.service", "lastyear-worker@2.service"]
MIRROR = ["lastyear-rematch.timer", "lastyear-mirror-import@needed.service", "lastyear-mirror-replicate.timer"]
DOCTOR = ["lastyear-doctor.timer"]

SYSTEMCTL = """#!/bin/sh
# One file for each unit that is on.
cd {folder}
[ "$1" != --quiet ] || shift
command=$1
for unit; do :; done
case $command in
is-enabled | is-active) [ -e "$unit" ] ;;
enable | start) : >"$unit" ;;
disable) rm "$unit" ;;
list-units)
  while [ "$1" != --no-legend ]; do shift; done
  shift
  for pattern; do for unit in $pattern; do [ ! -e "$unit" ] || echo "$unit loaded active"; done; done
  ;;
esac
"""


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with a file for each unit of a machine that had every duty."""
    folder = tmp_path / "units"
    folder.mkdir()
    for name in ALL:
        (folder / name).touch()
    command = tmp_path / "bin/systemctl"
    command.parent.mkdir()
    command.write_text(SYSTEMCTL.format(folder=folder), encoding="utf-8")
    command.chmod(0o755)
    return folder


def give(units: Path, duties: list[str]) -> list[str]:
    """Gives the machine these duties, and returns what was to do."""
    path = f"{units.parent / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", str(SCRIPT), *duties], env={"PATH": path}, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def on(units: Path) -> list[str]:
    return sorted(path.name for path in units.iterdir())


@pytest.mark.parametrize(
    ("duties", "left"),
    [
        (WEB, ["lastyear-dashboard.service", "lastyear-dashboard.socket"]),
        (WORKERS, []),
        (MIRROR, []),
        ([*WEB, *WORKERS[:1]], ["lastyear-dashboard.service", "lastyear-dashboard.socket"]),
    ],
)
def test_a_machine_that_leaves_a_group_stops_what_it_did_there(
    units: Path, duties: list[str], left: list[str]
) -> None:
    by_hand = "lastyear-mirror-import@always.service"
    said = give(units, [*duties, *DOCTOR])
    assert on(units) == sorted([*duties, *DOCTOR, *left, by_hand, "lastyear.target"])
    assert sorted(said) == [f"stopped {name}" for name in ALL if name not in on(units)]
    assert give(units, [*duties, *DOCTOR]) == [], "there is nothing left to do"


def test_what_a_machine_lacks_is_started(units: Path) -> None:
    for name in ALL:
        (units / name).unlink()
    said = give(units, [*MIRROR, *DOCTOR])
    assert on(units) == sorted([*MIRROR, *DOCTOR, "lastyear.target"])
    assert "enabled lastyear-mirror-import@needed.service" in said
    assert "started lastyear-mirror-import@needed.service" not in said, "it starts where there is no mirror"
