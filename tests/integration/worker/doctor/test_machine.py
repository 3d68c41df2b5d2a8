"""The doctor's check of systemd units: systemctl as it answers on a booted machine, and machines without it."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.settings import Settings
from worker.doctor import Finding, State, examine
from worker.doctor.systemd import has_units
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

SYSTEMCTL = """
case "$*" in
*list-unit-files*) cat {folder}/files;;
*" show "*) cat {folder}/shown;;
*list-units*)
  while [ "$1" != -- ]; do shift; done
  while read -r name; do for pattern in "$@"; do case $name in $pattern)
    printf '%s' "$comma{{\\"unit\\":\\"$name\\"}}"; comma=,
  esac; done; done <{folder}/units | sed 's/.*/[&]/';;
*) exit 1;;
esac
"""


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
        units = "".join(f"{name}\n" for name in self.units)
        for name, text in {"files": files, "units": units, "shown": shown}.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.command("systemctl", SYSTEMCTL.format(folder=self.folder))
        has_units.cache_clear()

    def has(self, name: str, properties: str) -> None:
        """Give the machine a unit that is loaded, on top of the good ones."""
        self.units[name] = f"LoadState=loaded\n{properties}"
        self.says()

    def command(self, name: str, script: str) -> None:
        """Give the machine a command."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A booted machine."""
    monkeypatch.setattr("worker.doctor.systemd.BOOTED", tmp_path)
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
    monkeypatch.setattr("worker.doctor.systemd.BOOTED", Path("/nowhere"))
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


@pytest.mark.parametrize(
    "name",
    ["caddy", "valkey-server", "postgresql@17-main", "systemd-timesyncd", "unattended-upgrades", "nftables"],
)
def test_what_the_site_needs_is_looked_at_like_our_own(settings: Settings, machine: Machine, name: str) -> None:
    kind = "oneshot\nRemainAfterExit=yes" if name == "nftables" else "simple"
    machine.has(f"{name}.service", f"Type={kind}\nActiveState=inactive\nSubState=dead\nUnitFileState=enabled")
    [found] = units(settings)
    assert (found.state, found.seen) == (State.ILL, f"{name}.service is not running")
    assert (found.mend, found.about) == (f"`systemctl start {name}.service`", f"{name}.service")


def test_a_server_of_the_mirror_that_was_killed_is_named_as_its_own_unit(
    settings: Settings, machine: Machine
) -> None:
    name = "postgresql@17-main.service"
    machine.has(name, "Type=forking\nActiveState=failed\nSubState=failed\nResult=signal")
    [found] = units(settings)
    assert found.seen == f"{name} has failed (signal)"
    assert found.mend == f"`journalctl -u {name} -n 50`, then `systemctl restart {name}`"


def test_upgrades_that_fail_are_told_and_are_not_waited_for(settings: Settings, machine: Machine) -> None:
    name = "apt-daily-upgrade.service"
    machine.has(name, "Type=oneshot\nActiveState=failed\nSubState=failed\nResult=exit-code")
    [found] = units(settings)
    assert found.mend == f"`journalctl -u {name} -n 50`, then `systemctl start --no-block {name}`"


def test_what_may_not_run_on_this_machine_is_not_missed(settings: Settings, machine: Machine) -> None:
    kept_off = "UnitFileState=enabled\nConditionResult=no\nConditionTimestampMonotonic=17"  # as in a container
    machine.has("systemd-timesyncd.service", f"Type=notify\nActiveState=inactive\nSubState=dead\n{kept_off}")
    assert [finding.state for finding in units(settings)] == [State.WELL]


def test_a_migration_of_a_release_that_was_not_taken_into_service_is_not_to_be_run_again(
    settings: Settings, machine: Machine
) -> None:
    name = "lastyear-migrate@0123abcd.service"
    machine.has(name, "Type=oneshot\nActiveState=failed\nSubState=failed\nResult=exit-code")
    [found] = units(settings)
    assert found.state == State.WARNING
    assert f"systemctl reset-failed {name}" in found.mend
    assert "restart" not in found.mend
    assert "systemctl start" not in found.mend


def test_a_machine_without_workers_needs_no_key_of_last_fm(settings: Settings, machine: Machine) -> None:
    keyless = settings.model_copy(update={"lastfm_api_key": SecretStr("")})
    ill = {finding.part for finding in examine(keyless) if finding.state == State.ILL}
    assert ill >= {"settings", "Last.fm key"}
    del machine.units["lastyear-worker@1.service"]
    machine.says()
    found = {finding.part: finding.state for finding in examine(keyless)}
    assert found["settings"] == State.WELL
    assert "Last.fm key" not in found


@pytest.mark.parametrize(
    ("rules", "state"),
    [("type filter hook input priority filter; policy drop;", State.WELL), ("", State.ILL)],
)
@pytest.mark.parametrize("seen_by", ["root", "others"])
def test_a_firewall_without_rules_is_ill_whatever_its_unit_says(
    settings: Settings,
    machine: Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rules: str,
    state: State,
    seen_by: str,
) -> None:
    machine.has(
        "nftables.service",
        "Type=oneshot\nRemainAfterExit=yes\nActiveState=active\nSubState=exited\nUnitFileState=enabled",
    )
    note = tmp_path / "firewall"
    note.write_text("" if seen_by == "root" else rules)
    monkeypatch.setattr("worker.doctor.machine.FIREWALL_NOTE", note)
    machine.command("nft", f"echo '{rules}'" if seen_by == "root" else "exit 1")
    found = {finding.part: finding for finding in examine(settings)}
    assert (found["units"].state, found["firewall"].state) == (State.WELL, state)
    assert found["firewall"].mend == ("" if state == State.WELL else "`systemctl restart nftables.service`")


def test_a_clock_that_no_server_sets_is_told_before_it_is_wrong(settings: Settings, machine: Machine) -> None:
    machine.has("systemd-timesyncd.service", "Type=notify\nActiveState=active\nSubState=running")
    for synchronised, state in (("yes", State.WELL), ("no", State.WARNING)):
        machine.command("timedatectl", f"echo {synchronised}")
        clock = next(finding for finding in examine(settings) if finding.part == "clock")
        assert clock.state == state
    assert clock.seen == "agrees with Last.fm, but systemd-timesyncd.service reaches no time server"


def test_a_mirror_that_is_away_is_mended_by_the_unit_of_its_own_server(
    settings: Settings, machine: Machine
) -> None:
    machine.has("postgresql@17-main.service", "Type=forking\nActiveState=active\nSubState=running")
    away = settings.model_copy(update={"mirror_url": SecretStr("postgresql://x@127.0.0.1:1/x")})
    found = {finding.part: finding for finding in examine(away)}
    mend = found["mirror"].mend
    assert (found["mirror"].unknown, found["disk"].unknown) == (False, True)
    assert "`systemctl restart postgresql@17-main.service`" in mend


def test_a_messenger_that_fails_is_a_warning(settings: Settings, machine: Machine) -> None:
    machine.units["lastyear-failure@lastyear-web.service"] = (
        "Type=oneshot\nLoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=static\n"
        "Result=exit-code"
    )
    machine.says()
    assert [finding.state for finding in units(settings) if finding.state != State.WELL] == [State.WARNING]


def test_a_unit_nobody_wants_may_be_stopped(settings: Settings, machine: Machine) -> None:
    machine.says(ActiveState="inactive", SubState="dead", WantedBy="")
    assert [finding.state for finding in units(settings)] == [State.WELL]


def test_what_another_machine_of_the_site_has_is_not_missed_on_this_one(
    settings: Settings, machine: Machine
) -> None:
    machine.units["valkey-server.service"] = "LoadState=not-found\nActiveState=inactive\nSubState=dead"
    required = "UnitFileState=disabled\nRequiredBy=lastyear-dashboard.service"
    machine.has("lastyear-dashboard.socket", f"ActiveState=inactive\nSubState=dead\n{required}")
    assert [finding.state for finding in units(settings)] == [State.WELL]
    machine.has(
        "lastyear-dashboard.socket",
        f"ActiveState=inactive\nSubState=dead\n{required.replace('disabled', 'enabled')}",
    )
    assert [finding.about for finding in units(settings)] == ["lastyear-dashboard.socket"]


def test_a_machine_with_caddy_or_valkey_alone_needs_none_of_the_sites_secrets(
    settings: Settings, machine: Machine
) -> None:
    bare = settings.model_copy(
        update={name: SecretStr("") for name in ("database_url", "mirror_url", "redis_url", "lastfm_api_key")}
    )
    assert [finding.about or finding.part for finding in examine(bare) if finding.state == State.ILL]
    machine.units = {name: text for name, text in GOOD.items() if name == "lastyear.target"}
    machine.has("caddy.service", "Type=notify\nActiveState=active\nSubState=running")
    assert examine(bare) == [Finding("units", State.WELL, "all 2 are well")]
    machine.has("systemd-timesyncd.service", "Type=notify\nActiveState=active\nSubState=running")
    machine.command("timedatectl", "echo no")
    assert [finding.seen for finding in examine(bare) if finding.state != State.WELL] == [
        "systemd-timesyncd.service reaches no time server"
    ]


def test_advice_is_for_the_machine_it_is_given_on(settings: Settings, machine: Machine) -> None:
    mend = next(finding.mend for finding in examine(settings) if finding.part == "workers")
    assert mend == "`systemctl restart lastyear.target`"


def test_a_systemctl_that_never_answers_is_told_where_there_are_units(
    settings: Settings, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.doctor.systemd.UNIT_FILES", tmp_path)
    machine.command("systemctl", "echo Failed to connect to bus")
    assert units(settings) == []
    has_units.cache_clear()
    (tmp_path / "lastyear.target").touch()
    [found] = units(settings)
    assert (found.state, found.unknown) == (State.WARNING, True)


def test_a_systemctl_that_talks_nonsense_is_no_trouble(
    settings: Settings, machine: Machine, hand: FetchWorker
) -> None:
    assert units(settings)
    machine.command("systemctl", "echo Failed to connect to bus")
    (found,) = units(settings)
    assert (found.state, found.seen) == (State.WARNING, "systemctl gave no usable answer (JSONDecodeError)")
    found_clock = next(finding for finding in examine(settings) if finding.part == "clock")
    assert found.unknown
    assert found_clock.unknown, "as whether a time server sets it is known from a unit"
