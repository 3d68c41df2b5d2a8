"""A machine is a real one: it boots, reboots, loses its network, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.provision import base, cable, places
from tests.provision.machine import ROOT, Failed, Machine, down, up
from tests.provision.places import Place

HOLD = """import sys
from tests.provision.machine import Machine

with Machine.booted({!r}):
    print("up", flush=True)
    sys.stdin.read()
"""
SOME_SYSCTL = "/proc/sys/net/ipv4/neigh/host0/app_solicit"
# Its last argument is the folder to make.
DEBOOTSTRAP = "#!/bin/sh\nfor root; do :; done\n"


@pytest.fixture(scope="module")
def machine(able_host: None) -> Iterator[Machine]:
    """One of this file's own: the session's stays bare."""
    with Machine.booted() as machine:
        yield machine


def traces(name: str) -> list[str]:
    """What a machine of this name has on the host."""
    place = Place(name)
    found = [str(path) for path in (place.folder, place.cgroup) if path.exists()]
    found += [str(path) for path in Path("/run/systemd/nspawn").glob(f"*/{place.machine}")]
    for looked in (("ip", "-o", "link"), ("nft", "list", "tables"), ("mount",)):
        found += [line for line in cable.run(*looked).splitlines() if place.machine in line]
    return found + processes(place.machine) + processes(f"tests.provision.keeper {name}")


def processes(words: str) -> list[str]:
    """The command lines that have these words."""
    listed = cable.run("ps", "-eo", "args").splitlines()
    return [line for line in listed if words in line]


def ssh(machine: Machine, *command: str) -> str:
    return cable.run("ssh", "-F", str(machine.ssh_config), machine.name, *command)


def test_it_is_a_debian_13_that_runs_without_a_failed_unit(machine: Machine) -> None:
    assert machine.run("systemctl is-system-running") == "running\n"
    assert 'VERSION_ID="13"' in machine.run("cat /etc/os-release")


def test_it_is_reached_by_ssh_with_a_key_made_for_it(machine: Machine) -> None:
    assert ssh(machine, "hostname") == f"{machine.name}\n"


def test_only_ssh_is_open(machine: Machine) -> None:
    assert machine.open_ports(range(1, 2000)) == [22]


def test_a_command_that_fails_says_how(machine: Machine) -> None:
    with pytest.raises(Failed, match=r"(?s)3\n.*out.*\n.*err"):
        machine.run("echo out; echo err >&2; exit 3")


def test_packages_of_debian_and_of_python_are_had(machine: Machine) -> None:
    machine.run("apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install python3-venv")
    machine.run("python3 -m venv /root/venv && /root/venv/bin/pip download --no-deps -d /root/wheels click")
    assert "click-" in machine.run("ls /root/wheels")


def test_what_one_machine_has_downloaded_the_next_finds(machine: Machine) -> None:
    archives = "var/cache/apt/archives"
    machine.run(f"echo whole > /{archives}/lastyear_1_all.deb; echo half > /{archives}/partial/lastyear_2_all.deb")
    kept = base.CACHE / "downloads" / archives / "lastyear_1_all.deb"
    places.share(machine.place.own / archives, kept.parent)
    try:
        assert kept.read_text() == "whole\n"
        assert not list((base.CACHE / "downloads").rglob("lastyear_2*"))
        with Machine.booted() as next_one:
            assert next_one.run(f"cat /{archives}/lastyear_1_all.deb") == "whole\n"
            next_one.run(f"rm /{archives}/lastyear_1_all.deb")
        assert kept.exists()
    finally:
        kept.unlink()
        machine.run(f"rm -f /{archives}/lastyear_1_all.deb")


def test_a_reboot_keeps_files_and_address_and_nothing_else(machine: Machine) -> None:
    machine.run(f"echo kept > /root/kept; echo gone > /run/gone; echo 7 > {SOME_SYSCTL}")
    before = machine.address, machine.boot_id()
    machine.reboot()
    assert machine.run("cat /root/kept") == "kept\n"
    assert machine.run("ls /run/gone || true") == ""
    assert machine.run(f"cat {SOME_SYSCTL}") != "7\n"
    assert machine.run("systemctl is-system-running") == "running\n"
    assert (machine.address, machine.boot_id() != before[1]) == (before[0], True)
    assert ssh(machine, "hostname") == f"{machine.name}\n"


def test_its_network_can_be_cut_and_mended(machine: Machine) -> None:
    look_up = "getent ahostsv4 deb.debian.org"
    machine.cut_network()
    try:
        with pytest.raises(Failed):
            machine.run(look_up)
        assert ssh(machine, "hostname") == f"{machine.name}\n"
    finally:
        machine.mend_network()
    assert machine.run(look_up)


def test_one_started_by_hand_stays_until_it_is_put_down(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"h{os.getpid() % 10**7}"
    up(name)
    try:
        place = Place(name)
        assert f"ssh -F {place.ssh_config} {place.machine}" in capsys.readouterr().out
        assert place.cable.subnet != machine.place.cable.subnet
        with pytest.raises(FileExistsError, match=name):
            up(name)
        assert places.is_alive(place)
    finally:
        down(name)
    assert traces(name) == []
    assert traces(machine.place.name) != []
    assert machine.run("getent ahostsv4 deb.debian.org")


def test_a_killed_run_leaves_nothing(able_host: None) -> None:
    name = f"k{os.getpid() % 10**7}"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD.format(name)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout
        assert run.stdout.readline() == b"up\n"
        assert traces(name) != []
        run.kill()
    wait_until(lambda: traces(name) == [], otherwise=lambda: "\n".join(traces(name)))


def test_what_a_killed_keeper_left_is_cleared_by_the_next_run(able_host: None) -> None:
    name = f"d{os.getpid() % 10**7}"
    up(name)
    keeper = int((Place(name).folder / "keeper.pid").read_text())
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: not processes(Place(name).machine))
    assert Place(name).folder.exists()
    with Machine.booted():
        assert traces(name) == []


def test_one_that_is_switched_off_from_within_is_gone(able_host: None) -> None:
    name = f"o{os.getpid() % 10**7}"
    with Machine.booted(name) as machine:
        machine.run("systemctl poweroff")
        wait_until(lambda: traces(name) == [], otherwise=lambda: "\n".join(traces(name)))


@pytest.mark.parametrize("name", ["", "9lives", "a-b", "../other", "ninechars"])
def test_a_name_that_would_not_fit_everywhere_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        Place(name)


def test_a_debian_of_which_half_was_made_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin/debootstrap"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setattr(base, "CACHE", tmp_path / "cache")
    program.write_text(DEBOOTSTRAP + 'mkdir "$root"; touch "$root/half"; echo no network; exit 1\n')
    program.chmod(0o755)
    with pytest.raises(RuntimeError, match="no network"):
        base.bare_debian()
    program.write_text(DEBOOTSTRAP + 'mkdir "$root"; touch "$root/whole"\n')
    assert [path.name for path in base.bare_debian().iterdir()] == ["whole"]
    program.write_text("#!/bin/sh\nexit 1\n")
    assert base.bare_debian().exists()


def test_what_is_mounted_in_a_folder_outlives_it(able_host: None, tmp_path: Path) -> None:
    kept, gone = tmp_path / "kept", tmp_path / "gone"
    (gone / "proc").mkdir(parents=True)
    kept.mkdir()
    (kept / "file").touch()
    cable.run("mount", "--bind", str(kept), str(gone / "proc"))
    base.remove(gone)
    assert (kept / "file").exists()
    assert not gone.exists()


def test_one_that_cannot_boot_says_why_and_leaves_nothing(
    able_host: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "debootstrap").write_text(DEBOOTSTRAP + 'mkdir -p "$root/usr"\n')
    (tmp_path / "debootstrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = [sys.executable, "-m", "tests.provision.machine", "up", "broken"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "etc/hostname" in done.stderr
    assert traces("broken") == []
    assert not list((tmp_path / "cache/lastyear/machines").glob("[a-z]*"))
