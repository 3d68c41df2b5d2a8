"""A busy site: two machines with pages behind a balancer, two with workers, one mirror, one Valkey.

`make test-provision MACHINES=4`. Each test goes on where the last has ended.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import wait_until
from tests.provision.doctor import wait_until_well
from tests.provision.machine import Machine
from tests.provision.operator import DOMAIN, PASSWORD, Operator, changed_checkout, replaced, site_variables
from tests.provision.outside import Outside
from tests.provision.outside import outside as stand_ins
from tests.provision.reader import reader
from tests.provision.stages import stage
from tests.provision.visitor import Visitor

pytestmark = pytest.mark.skipif(
    os.environ.get("PROVISION_MACHINES") != "4", reason="make test-provision MACHINES=4 boots them"
)
LUCA = "/user/LightLuca/2024"
PATHS = ("/", "/about", LUCA, f"{LUCA}.json")
LONG = 90.0
"""Seconds for a request that a machine takes along when it loses its power: the balancer asks again after 35."""


@dataclass
class Site:
    """The four machines, who provisions them, and who visits."""

    web1: Machine
    web2: Machine
    data: Machine
    work: Machine
    outside: Outside
    operator: Operator
    visitor: Visitor

    @property
    def machines(self) -> tuple[Machine, ...]:
        """All of them."""
        return self.web1, self.web2, self.data, self.work

    def other(self, machine: Machine) -> Machine:
        """The other one with pages."""
        return self.web2 if machine is self.web1 else self.web1

    @contextmanager
    def only(self, machine: Machine) -> Iterator[None]:
        """New visitors are sent to this machine alone."""
        self.other(machine).run("touch /run/lastyear/draining")
        try:
            wait_until(lambda: self.served_by() == {machine.name})
            yield
        finally:
            self.other(machine).run("rm -f /run/lastyear/draining")

    def served_by(self) -> set[str]:
        """Which machines six visits come to, by what their logs say."""
        before = {machine.name: requests(machine) for machine in (self.web1, self.web2)}
        for _ in range(6):
            self.visitor.get("/about")
        return {machine.name for machine in (self.web1, self.web2) if requests(machine) > before[machine.name]}


@pytest.fixture(scope="module")
def site(able_host: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("four")
    with ExitStack() as stack:
        web1, web2, data, work = (stack.enter_context(Machine.booted(memory_mb=1024)) for _ in range(4))
        outside = stack.enter_context(stand_ins(data.host_address))
        variables = {
            **site_variables(outside),
            "lastyear_mirror_password": "mirror-password-of-four-machines",
            "lastyear_workers": 1,
            "lastyear_log_level": "debug",
            # What a machine here has is bounded, and not what it is told that it has.
            "lastyear_postgresql_memory_mb": 256,
            "lastyear_valkey_memory_mb": 64,
        }
        layout = {
            "balancer": [data],
            "valkey": [data],
            "mirror": [data],
            "web": [web1, web2],
            "workers": [data, work],
        }
        operator = Operator(folder / "inventory", variables, data, layout=layout)
        for machine in (web1, web2, data, work):
            machine.run(f"echo '{data.address} {DOMAIN}' >>/etc/hosts")
        yield Site(web1, web2, data, work, outside, operator, Visitor(data.address, folder / "root.crt"))


def test_a_play_makes_a_site_of_them_and_another_changes_nothing(site: Site) -> None:
    with stage("converge of four machines"):
        site.operator.play("site")
    with stage("the same again"):
        assert site.operator.play("site").changed == []
    authority = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"
    site.visitor.authority.write_text(site.data.run(f"cat {authority}"))
    mirror_holds = "lastyear mirror status || true"
    wait_until(lambda: "export" in site.data.run(mirror_holds), seconds=300)
    for machine in site.machines:
        wait_until_well(machine)


def test_each_machine_is_open_for_what_it_does_and_to_whom_it_does_it_for(site: Site) -> None:
    assert site.data.open_ports(range(1, 10_000)) == [22, 80, 443]
    for machine in (site.web1, site.web2, site.work):
        assert machine.open_ports(range(1, 10_000)) == [22], machine.name
    ask = (
        f"curl -sk --max-time 5 -o /dev/null -w '%{{http_code}}' https://{site.web1.address}:8443/healthz || true"
    )
    assert (site.data.run(ask), site.work.run(ask)) == ("200", "000")
    for path in ("/metrics", "/readyz", "/internal/job-update"):
        for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": site.data.address}):
            assert site.visitor.get(path, headers=headers).status_code == 404, (path, headers)


def test_pages_of_either_machine_show_what_a_worker_of_any_other_does(site: Site) -> None:
    site.outside.lastfm.latency = 0.3
    for web, idle, year in ((site.web1, site.work, 2024), (site.web2, site.data, 2023)):
        with site.only(web):
            idle.run("systemctl stop lastyear-worker@1")
            try:
                events = site.visitor.follow(f"/user/LightLuca/{year}")
            finally:
                idle.run("systemctl start lastyear-worker@1")
        assert events[-1]["phase"] == "completed"
        assert events[-1]["scrobbles"] == events[-1]["expected"]
        assert len({event["done"] for event in events}) > 1, "it came at once"
    site.outside.lastfm.latency = 0.0


@pytest.mark.parametrize("name", ["web1", "web2"])
def test_a_machine_with_pages_loses_its_power_and_nobody_notices(site: Site, name: str) -> None:
    """Neither who asks for pages all the time, nor who has one open that follows a fetch by a websocket."""
    victim: Machine = getattr(site, name)
    site.outside.lastfm.latency = 2.5
    with reader(site.visitor) as page:
        with site.only(victim):
            page.open("/user/HeavyHelen/2024" if name == "web1" else "/user/HeavyHelen/2023")
            page.wait_for_more()
        with stage(f"{name} loses its power under load"), site.visitor.streaming(*PATHS, timeout=LONG) as stream:
            wait_until(lambda: stream.asked > 20)
            victim.cut_power()
            began = time.monotonic()
            page.wait_for_more()
            print(f"the page goes on after {time.monotonic() - began:.1f} s")
            asked = stream.asked
            wait_until(lambda: stream.asked > asked + 100)
        print(stream)
        assert stream.faults == []
        site.outside.lastfm.latency = 0.0
        page.wait_until_whole()
        assert page.complaints == []
    with stage(f"{name} comes back"):
        victim.power_on()
        wait_until(lambda: site.served_by() == {site.web1.name, site.web2.name})


def test_a_machine_with_workers_loses_its_power_and_its_year_is_fetched_by_another(site: Site) -> None:
    site.outside.lastfm.latency = 1.0
    site.data.run("systemctl stop lastyear-worker@1")
    year = "/user/LightLuca/2022"
    assert site.visitor.get(year).status_code == 200
    wait_until(lambda: plays_of(site, year) > 0)
    with stage("a machine with workers loses its power"):
        site.work.cut_power()
        site.data.run("systemctl start lastyear-worker@1")
        site.outside.lastfm.latency = 0.0
        last = site.visitor.follow(year)[-1]
    assert (last["phase"], last["scrobbles"]) == ("completed", last["expected"])
    site.work.power_on()


def test_a_rolling_deploy_loses_no_request_and_takes_no_two_machines_out_at_once(
    site: Site, tmp_path: Path
) -> None:
    newer = changed_checkout(tmp_path / "newer", replaced("app/web/templates/about.html", "<h1>", "<h1>NEWER "))
    with stage("rolling deploy under load"), site.visitor.streaming(*PATHS, timeout=LONG) as stream:
        said = site.operator.from_checkout(newer).play("deploy").output
    print(stream)
    assert stream.faults == []
    assert stream.asked > 100
    assert said.count("TASK [lastyear : Restart the pages, and request one]") == 2
    assert len(re.findall(r"TASK \[lastyear : Migrate the tables", said)) == 1
    assert (
        len(re.findall(r"changed: \[ly-.+\]", said.partition("Migrate the tables")[2].partition("TASK")[0])) == 1
    )
    for machine in (site.web1, site.web2):
        with site.only(machine):
            assert "NEWER" in site.visitor.get("/about").text
    for machine in (site.data, site.work):
        assert "canary" in machine.run("journalctl -q -o cat -u lastyear-worker@1")


def test_a_release_that_does_not_serve_comes_to_no_second_machine_and_no_request_is_lost(
    site: Site, tmp_path: Path
) -> None:
    # It can be imported, or it would not even be installed.
    shows = "    return render_template("
    broken = changed_checkout(
        tmp_path / "broken", replaced("app/web/pages/landing.py", shows, f"    assert not request.path\n{shows}")
    )
    links = "readlink /opt/lastyear/current"
    before = [machine.run(links) for machine in site.machines]
    with stage("deploy of a broken release under load"), site.visitor.streaming(*PATHS, timeout=LONG) as stream:
        said = site.operator.from_checkout(broken).fail("deploy")
    print(stream)
    assert stream.faults == []
    assert "is in service again" in said
    assert [machine.run(links) for machine in site.machines] == before
    assert "NEWER" in site.visitor.get("/about").text
    assert site.served_by() == {site.web1.name, site.web2.name}


def test_the_dashboard_is_there_whichever_machine_is_away(site: Site) -> None:
    for machine in (site.web1, site.web2):
        with site.only(machine):
            assert site.visitor.get("/operator/").status_code == 401
            assert site.visitor.get("/operator/", auth=("operator", PASSWORD)).status_code == 200


# ---- what they use


def requests(machine: Machine) -> int:
    """How often its pages were asked for one that nobody else asks for."""
    return int(machine.run("journalctl -q -o cat -u lastyear-web | grep -c 'address=/about' || true"))


def plays_of(site: Site, path: str) -> int:
    """How many plays of a year are in."""
    event = site.visitor.get(f"{path}.json").json()["progress"]
    return int(event["done"]) if event else 0
