"""Check the machine: its units, ours and those that the site needs, its firewall and its clock."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from worker.doctor.finding import CheckContext, Finding, ill, unknown, warning, well
from worker.doctor.systemd import NO_ANSWER, OURS, Unit, has_units, output_of, read_units

PART, FIREWALL = "units", "firewall"
PARTS = (PART, FIREWALL)

NFTABLES, TIME = "nftables.service", "systemd-timesyncd.service"
NEEDED = (
    *(OURS, "caddy.service", "valkey-server.service", "postgresql@*", NFTABLES, TIME),
    *("unattended-upgrades.service", "apt-daily*.timer", "apt-daily*.service"),
)
"""Units that the site needs, as far as this machine has them. PostgreSQL's own is an instance of a template:
`postgresql.service` is an umbrella, which is well whatever happens to the server."""

FAILURE_UNIT = "lastyear-failure@"  # reports that another unit has failed
MIGRATION_UNIT = "lastyear-migrate@"  # of one release
FIREWALL_NOTE = Path("/run/lastyear/firewall")  # what root has noted, for those who may not ask (note-firewall)
DROPS = re.compile(r"hook input\b.*\bpolicy drop\b")


def check_machine(context: CheckContext) -> Iterator[Finding]:
    """Report each unit that is not well, or all of them at once, and the firewall.

    A machine without units of ours is not reported on.
    """
    if not has_units():
        return
    try:
        units = [unit for unit in read_units(*NEEDED) if not _is_elsewhere(unit)]
    except NO_ANSWER as error:
        seen = f"systemctl gave no usable answer ({type(error).__name__})"
        yield unknown(PART, seen, f"`systemctl status '{OURS}'`")
        return
    faults = [fault for unit in units if (fault := _fault(unit))]
    yield from faults
    if not faults:
        yield well(PART, f"all {len(units)} are well")
    names = {unit["Id"]: unit.get("ActiveState") for unit in units}
    if NFTABLES in names:
        yield from _firewall()
    if names.get(TIME) == "active" and _is_unsynchronised():
        context.unsynchronised.append(TIME)


def _is_elsewhere(unit: Unit) -> bool:
    """Whether another machine of the site has it: units of ours name it, to start after it where it is."""
    return unit.get("LoadState") == "not-found" and not unit["Id"].startswith(OURS.rstrip("*"))


def _fault(unit: Unit) -> Finding | None:
    name, active = unit["Id"], unit.get("ActiveState", "")
    if unit.get("LoadState") not in ("loaded", "masked"):
        seen = f"{name} cannot be loaded ({unit.get('LoadState')})"
        return ill(PART, seen, f"`systemd-analyze verify {name}`", about=name)
    if name.startswith(FAILURE_UNIT):
        return _failure_fault(unit)
    if active == "failed":
        return _failed(unit)
    if unit.get("SubState") == "auto-restart":
        return warning(PART, f"{name} keeps restarting ({unit.get('Result')})", _look_and(unit), about=name)
    if active == "inactive" and _should_be_active(unit):
        return ill(PART, f"{name} is not running", f"`systemctl start {name}`", about=name)
    return None


def _failure_fault(unit: Unit) -> Finding | None:
    # The unit that it reports has its own finding.
    if unit.get("ActiveState") != "failed":
        return None
    name = unit["Id"]
    return warning(PART, f"{name} could not report a failure", f"`journalctl -u {name} -n 50`", about=name)


def _failed(unit: Unit) -> Finding:
    name = unit["Id"]
    if name.startswith(MIGRATION_UNIT):
        # Its release never went into service: started again, it would migrate the tables to code that nobody runs.
        seen = f"{name} has failed, and its release was not taken into service"
        forget = f"`systemctl reset-failed {name}`"
        return warning(PART, seen, f"`journalctl -u {name} -n 50`, then deploy again, or {forget}", about=name)
    return ill(PART, f"{name} has failed ({unit.get('Result')})", _look_and(unit), about=name)


def _look_and(unit: Unit) -> str:
    """Return the commands that show why a unit is down and start it again; a chore is not waited for."""
    name = unit["Id"]
    again = "start --no-block" if unit.get("Type") == "oneshot" else "restart"
    return f"`journalctl -u {name} -n 50`, then `systemctl {again} {name}`"


def _should_be_active(unit: Unit) -> bool:
    """Whether it is enabled or wanted by another unit, may run here, and is no chore that ends when it is done."""
    is_chore = unit.get("Type") == "oneshot" and unit.get("RemainAfterExit") != "yes"
    is_kept_off = unit.get("ConditionResult") == "no" and unit.get("ConditionTimestampMonotonic", "0") != "0"
    if is_chore or is_kept_off or unit.get("LoadState") == "masked":
        return False
    wanted, enabled = unit.get("WantedBy") or unit.get("RequiredBy"), unit.get("UnitFileState", "")
    # A disabled socket is required by its service all the same, which another machine runs.
    return enabled.startswith("enabled") or (bool(wanted) and enabled != "disabled")


def _firewall() -> Iterator[Finding]:
    """Report what the kernel does with what comes in: the unit is well even after the rules were flushed."""
    rules = _rules()
    if rules is None:
        return
    if DROPS.search(rules):
        yield well(FIREWALL, "drops what it does not let in")
    else:
        yield ill(FIREWALL, "no rule drops what comes in", f"`systemctl restart {NFTABLES}`")


def _rules() -> str | None:
    """Return the rules, or of them what was noted; None if neither can be seen."""
    try:
        if shutil.which("nft"):
            command = ["nft", "list", "ruleset"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
            if done.returncode == 0:
                return done.stdout
        return FIREWALL_NOTE.read_text(encoding="utf-8")
    except (OSError, subprocess.SubprocessError):
        return None


def _is_unsynchronised() -> bool:
    try:
        return output_of("timedatectl", "show", "--property=NTPSynchronized", "--value") == "no"
    except NO_ANSWER:
        return False
