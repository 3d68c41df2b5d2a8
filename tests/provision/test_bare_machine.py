"""An operator's mistakes and dry runs, on a machine that nothing was done to yet."""

import re

from tests.conftest import wait_until
from tests.provision.machine import Machine
from tests.provision.operator import Operator
from tests.provision.stages import stage


def test_playbooks_are_read_without_a_complaint(operator: Operator) -> None:
    with stage("syntax check"):
        for playbook in ("site", "deploy", "rollback", "uninstall"):
            assert "WARNING" not in operator.play(playbook, "--syntax-check").output


def test_mistakes_in_the_inventory_are_named_before_anything_is_touched(operator: Operator) -> None:
    with stage("mistakes of the inventory"):
        said = operator.having(
            lastyear_domain=None,
            lastyear_contact="https://lastyear.example.org/about",
            lastyear_wokers=3,
            lastyear_database_url="postgresql://neon.tech",
        ).fail("site")
    assert "lastyear_contact: still has the example's value" in said
    assert "lastyear_domain: missing" in said
    assert "lastyear_wokers: no role knows it; did you mean lastyear_workers?" in said
    assert "lastyear_database_url: should be postgresql://USER:PASSWORD@HOST/DATABASE" in said
    assert "Gathering Facts" not in said


def test_a_key_that_lastfm_refuses_is_named(operator: Operator) -> None:
    said = operator.having(lastyear_lastfm_api_key="0" * 32).fail("site")
    assert "Last.fm refuses lastyear_lastfm_api_key (error 10)" in said
    assert "changed=0" in said


def test_another_system_than_debian_13_is_refused(operator: Operator, machine: Machine) -> None:
    machine.run("cp -L /etc/os-release /root/was; rm /etc/os-release; sed s/13/12/g /root/was > /etc/os-release")
    machine.run("cp /etc/debian_version /root/version; echo 12.9 > /etc/debian_version")
    try:
        said = operator.fail("site")
    finally:
        machine.run("ln -sf ../usr/lib/os-release /etc/os-release; cp /root/version /etc/debian_version")
    assert f"{machine.name} is Debian 12" in said
    assert "supported on Debian 13 only" in said


def test_a_dry_run_on_a_bare_machine_goes_through_and_changes_nothing(
    operator: Operator, machine: Machine
) -> None:
    before = machine.run("dpkg -l | sha256sum; ls /etc /opt | sha256sum")
    with stage("--check on the bare machine"):
        assert operator.play("site", "--check").recap["failed"] == 0
    assert machine.run("dpkg -l | sha256sum; ls /etc /opt | sha256sum") == before


def test_a_port_that_is_taken_is_named_with_who_has_it(operator: Operator, machine: Machine) -> None:
    machine.run("systemd-run --unit taken python3 -m http.server 443")
    try:
        wait_until(lambda: 443 in machine.open_ports([443]))
        said = operator.fail("site", "--tags", "base,caddy")
    finally:
        machine.run("systemctl stop taken")
    assert "is taken by python3. Stop it there for good" in said


def test_a_disk_that_is_too_small_for_the_import_is_named(operator: Operator) -> None:
    said = operator.having(lastyear_mirror_disk_mb=99_000_000).fail("site", "--tags", "mirror")
    assert re.search(r"has \d+ MB free in /var/lib, and the import .* albums needs about 99000000 MB", said)
