"""Pages and mirror on one machine, workers on another: `make test-provision MACHINES=2`."""

import os
import re
from pathlib import Path

import pytest

from tests.provision.machine import Machine
from tests.provision.operator import Operator, site_variables
from tests.provision.outside import outside as stand_ins
from tests.provision.stages import stage
from tests.provision.visitor import Visitor

pytestmark = pytest.mark.skipif(
    os.environ.get("PROVISION_MACHINES") != "2", reason="make test-provision MACHINES=2 boots them"
)
APART = {
    "lastyear_mirror_password": "mirror-password-of-two-machines",
    "lastyear_progress_by_webhook": False,
}


def test_workers_on_another_machine_fetch_for_the_site(tmp_path: Path) -> None:
    with Machine.booted() as site, Machine.booted() as workers, stand_ins(site.host_address) as outside:
        operator = Operator(
            tmp_path / "inventory", {**site_variables(outside), **APART}, site, layout={"workers": [workers]}
        )
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
        assert workers.run("cat /etc/lastyear/credentials/mirror_owner_url") == ""

        visitor = Visitor(site.address, tmp_path / "root.crt")
        visitor.authority.write_text(
            site.run("cat /var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt")
        )
        last = visitor.follow("/user/LightLuca/2024")[-1]
        assert last["phase"] == "completed"
        assert last["scrobbles"] == last["expected"] > 600
        assert last["matched"] > 0.8 * last["scrobbles"]
