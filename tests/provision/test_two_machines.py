"""Sites of two machines: `make test-provision MACHINES=2`."""

import os
import re
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.provision.doctor import wait_until_well
from tests.provision.machine import Machine
from tests.provision.operator import DOMAIN, Operator, site_variables
from tests.provision.outside import outside as stand_ins
from tests.provision.stages import stage
from tests.provision.visitor import Visitor

pytestmark = pytest.mark.skipif(
    os.environ.get("PROVISION_MACHINES") != "2", reason="make test-provision MACHINES=2 boots them"
)
APART = {"lastyear_mirror_password": "mirror-password-of-two-machines"}
CREDENTIALS = "/etc/lastyear/credentials"
CERTIFICATES = "cat /etc/postgresql/*/main/lastyear.crt /etc/valkey/lastyear.crt"


def visitor_of(machine: Machine, folder: Path) -> Visitor:
    """A visitor who arrives at this machine."""
    authority = folder / "root.crt"
    authority.write_text(machine.run("cat /var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"))
    return Visitor(machine.address, authority)


def name_leads_to(there: Machine, *machines: Machine) -> None:
    """The site's name leads these machines to one of them."""
    for machine in machines:
        machine.run(f"echo '{there.address} {DOMAIN}' >>/etc/hosts")


def follow_a_year(visitor: Visitor) -> None:
    """Fetches one, whose albums are found in the mirror."""
    last = visitor.follow("/user/LightLuca/2024")[-1]
    assert last["phase"] == "completed"
    assert last["scrobbles"] == last["expected"] > 600
    assert last["matched"] > 0.8 * last["scrobbles"]


def test_workers_on_another_machine_fetch_for_the_site(tmp_path: Path) -> None:
    """Pages and mirror are on one machine, workers on another."""
    with Machine.booted() as site, Machine.booted() as workers, stand_ins(site.host_address) as outside:
        operator = Operator(
            tmp_path / "inventory", {**site_variables(outside), **APART}, site, layout={"workers": [workers]}
        )
        name_leads_to(site, site, workers)
        said = operator.having(lastyear_mirror_password=None).fail("site")
        assert "lastyear_mirror_password: missing" in said
        with stage("converge of two machines"):
            operator.play("site")
        with stage("the same again"):
            assert operator.play("site").changed == []

        assert site.run("systemctl list-units --plain --no-legend 'lastyear-worker@*'") == ""
        assert workers.run("systemctl list-units --plain --no-legend lastyear-web.service") == ""
        assert site.open_ports(range(1, 10_000)) == [22, 80, 443]
        assert workers.open_ports(range(1, 10_000)) == [22]
        assert not re.search(r"ssl_ca_certs|mirror_owner", workers.run("cat /etc/lastyear/lastyear.env"))
        assert workers.run(f"cat {CREDENTIALS}/mirror_owner_url") == ""
        follow_a_year(visitor_of(site, tmp_path))

        second = str(IPv4Address(site.address) + 1)
        site.run(f"ip address add {second}/24 dev host0")
        before = site.run(CERTIFICATES)
        with stage("another address"):
            moved = replace(operator, own={site.name: {"lastyear_address": second}})
            assert "certificate : Create the certificate that other machines trust" in moved.play("site").changed
        for certificate in re.findall("-+BEGIN.+?-+END", before, re.DOTALL):
            assert certificate not in site.run(CERTIFICATES)
        wait_until_well(workers)


def test_a_machine_where_visitors_arrive_knows_no_secret(tmp_path: Path) -> None:
    """Balancer and Valkey are on one machine, all else on another."""
    with Machine.booted() as front, Machine.booted() as site, stand_ins(site.host_address) as outside:
        operator = Operator(
            tmp_path / "inventory",
            {**site_variables(outside), **APART},
            site,
            layout={"balancer": [front], "valkey": [front]},
        )
        name_leads_to(front, front, site)
        with stage("converge of a machine and its front"):
            operator.play("site")
        with stage("the same again"):
            assert operator.play("site").changed == []
        assert front.run(f"cat {CREDENTIALS}/*") == ""
        follow_a_year(visitor_of(front, tmp_path))
        for machine in (front, site):
            wait_until_well(machine)
