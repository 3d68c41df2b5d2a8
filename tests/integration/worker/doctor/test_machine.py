"""The doctor's check of systemd units: systemctl as it answers on a booted machine, and machines without it."""

import json
from pathlib import Path

import pytest

from app.settings import Settings
from worker.doctor import Finding, State, examine
from worker.doctor.machine import has_units
from worker.pool import FetchWorker

GOOD = {
    "lastyear.target": "LoadState=loaded\nActiveState=active\nSubState=active\nUnitFileState=enabled\n"
    "WantedBy=multi-user.target\nRequiredBy=",
    "lastyear-web.service": "Type=notify\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n"
    "UnitFileState=static\nWantedBy=lastyear.target\nRequiredBy=",
    "lastyear-worker@1.service": "Type=exec\nLoadState=loaded\nActiveState=active\nSubState=running\n"
    "Result=success\nUnitFileState=static\nWantedBy=lastyear.target\nRequiredBy=",
    "lastyear-mirror-import.service": "Type=oneshot\nLoadState=loaded\nActiveState=inactive\nSubState=dead\n"
    "Result=success\nUnitFileState=static\nWantedBy=\nRequiredBy=",
    "lastyear-mirror-replicate.timer": "LoadState=loaded\nActiveState=active\nSubState=waiting\n"
    "UnitFileState=enabled\nWantedBy=timers.target\nRequiredBy=",
}
FILES = [name.replace("@1.", "@.") for name in GOOD]


class Machine:
    """A machine whose systemctl answers what a test wants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.units = dict(GOOD)
        folder.mkdir()
        self.says()

    def says(self, **changes: str) -> None:
        """Change properties of lastyear-web.service."""
        for name, value in changes.items():
            lines = self.units["lastyear-web.service"].splitlines()
            kept = [line for line in lines if not line.startswith(f"{name}=")]
            self.units["lastyear-web.service"] = "\n".join([*kept, f"{name}={value}"])
        shown = "\n\n".join(f"Id={name}\n{text}" for name, text in self.units.items())
        self.write(json.dumps([{"unit_file": name, "state": "static", "preset": None} for name in FILES]), shown)

    def write(self, files: str, shown: str) -> None:
        units = json.dumps([{"unit": name, "load": "loaded", "active": "active"} for name in self.units])
        for name, text in {"files": files, "units": units, "shown": shown}.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        script = self.folder / "systemctl"
        script.write_text(
            f'#!/bin/sh\ncase "$*" in *list-unit-files*) cat {self.folder}/files;; '
            f'*list-units*) cat {self.folder}/units;; *" show "*) cat {self.folder}/shown;; *) exit 1;; esac\n'
        )
        script.chmod(0o755)
        has_units.cache_clear()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A booted machine."""
    monkeypatch.setattr("worker.doctor.machine.BOOTED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    return Machine(tmp_path / "bin")


def units(settings: Settings) -> list[Finding]:
    return [finding for finding in examine(settings) if finding.part == "units"]


def test_units_that_are_as_they_should_be_are_one_line(settings: Settings, machine: Machine) -> None:
    assert units(settings) == [Finding("units", State.WELL, "all 5 are well")]


def test_where_no_unit_is_installed_nothing_is_said_of_any(
    settings: Settings, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.write("[]", "")
    assert units(settings) == []
    machine.says()
    monkeypatch.setattr("worker.doctor.machine.BOOTED", Path("/nowhere"))
    assert units(settings) == []


@pytest.mark.parametrize(
    ("properties", "state", "seen", "mend"),
    [
        (
            {"ActiveState": "failed", "SubState": "failed", "Result": "exit-code"},
            State.ILL,
            "has failed (exit-code)",
            "systemctl restart lastyear-web.service",
        ),
        (
            {"ActiveState": "inactive", "SubState": "dead"},
            State.ILL,
            "is not running",
            "systemctl start lastyear-web.service",
        ),
        (
            {"ActiveState": "activating", "SubState": "auto-restart", "Result": "signal"},
            State.WARNING,
            "keeps restarting (signal)",
            "journalctl -u lastyear-web.service",
        ),
        ({"LoadState": "bad-setting"}, State.ILL, "cannot be loaded (bad-setting)", "systemd-analyze verify"),
    ],
)
def test_a_unit_that_ails_has_a_line_of_its_own(
    settings: Settings, machine: Machine, properties: dict[str, str], state: State, seen: str, mend: str
) -> None:
    machine.says(**properties)
    (found,) = units(settings)
    assert (found.state, found.seen) == (state, f"lastyear-web.service {seen}")
    assert mend in found.mend


@pytest.mark.parametrize(("result", "told"), [("start-limit-hit", []), ("exit-code", [State.WARNING])])
def test_the_messenger_may_reach_its_limit_but_not_fail(
    settings: Settings, machine: Machine, result: str, told: list[State]
) -> None:
    machine.units["lastyear-failure@lastyear-web.service"] = (
        "Type=oneshot\nLoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=static\n"
        f"Result={result}"
    )
    machine.says()
    assert [finding.state for finding in units(settings) if finding.state != State.WELL] == told


def test_a_unit_nobody_wants_may_be_stopped(settings: Settings, machine: Machine) -> None:
    machine.says(ActiveState="inactive", SubState="dead", WantedBy="")
    assert [finding.state for finding in units(settings)] == [State.WELL]


def test_advice_is_for_the_machine_it_is_given_on(settings: Settings, machine: Machine) -> None:
    mend = next(finding.mend for finding in examine(settings) if finding.part == "workers")
    assert mend == "`systemctl restart lastyear.target`"


def test_a_systemctl_that_talks_nonsense_is_no_trouble(
    settings: Settings, machine: Machine, hand: FetchWorker
) -> None:
    assert units(settings)
    (machine.folder / "units").write_text("Failed to connect to bus", encoding="utf-8")
    (found,) = units(settings)
    assert (found.state, found.seen) == (State.WARNING, "systemctl gave no usable answer (JSONDecodeError)")
