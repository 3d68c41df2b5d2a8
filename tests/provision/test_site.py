"""From a bare machine to the running site and through its days: each test goes on where the last has ended."""

import json
import re
import secrets
import socket
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import testinfra
import websocket
from testinfra.host import Host

from app import VERSION
from demo.musicbrainz.catalogue import albums
from demo.musicbrainz.export import COLUMNS, rows_by_table
from tests.conftest import PATIENCE, wait_until
from tests.integration.mirror.packets import Edit
from tests.provision.cable import run
from tests.provision.doctor import doctor, wait_until_well
from tests.provision.flood import flood_of_pings
from tests.provision.inventory import Inventory
from tests.provision.machine import Machine
from tests.provision.operator import DOMAIN, PASSWORD, POSTGRESQL, TOKEN, Operator, changed_checkout, replaced
from tests.provision.outside import Outside
from tests.provision.stages import stage
from tests.provision.visitor import Visitor

RUNNING = (
    *("lastyear.target", "lastyear-web.socket", "lastyear-web.service", "lastyear-dashboard.socket"),
    *("lastyear-worker@1.service", "lastyear-worker@2.service", "lastyear-rematch.timer"),
    "lastyear-doctor.timer",
    *("lastyear-mirror-replicate.timer", f"{POSTGRESQL}.service", "valkey-server.service"),
    *("caddy.service", "nftables.service", "ssh.service", "unattended-upgrades.service"),
)
SERVICES = (
    *("lastyear-web", "lastyear-worker@1", "lastyear-mirror-import@needed", "lastyear-mirror-replicate"),
    *("lastyear-rematch", "lastyear-dashboard", "lastyear-migrate@1", "lastyear-failure@1", "lastyear-doctor"),
)
LUCA = "/user/LightLuca/2024"
BASE = VERSION.partition("+")[0]
NEXT_PASSWORD = "another-password-that-only-operators-know"
SUDO = "what-sudo-asks-somebody-for"


@pytest.fixture(scope="module", autouse=True)
def bare(machine: Machine) -> Inventory:
    """What was on the machine before anything of ours: its operator has done this and that there."""
    # The site's name leads to the machine, from inside as well: the doctor asks for it.
    machine.run(f"echo '{machine.address} {DOMAIN}' >>/etc/hosts")
    machine.run(f"useradd --create-home somebody; echo somebody:{SUDO} | chpasswd")
    machine.run("echo 'somebody ALL=(ALL) ALL' >/etc/sudoers.d/somebody")
    machine.run("cp -r /root/.ssh /home/somebody/; chown -R somebody: /home/somebody; echo kept >/etc/kept.conf")
    machine.run("printf '[Unit]\n[Service]\nExecStart=sleep infinity\n' >/etc/systemd/system/kept.service")
    return Inventory.of(machine)


@pytest.fixture(scope="module")
def operator(operator: Operator, machine: Machine) -> Operator:
    """The operator, who is not root on the machine, and of whom sudo wants a password."""
    become = {"ansible_user": "somebody", "ansible_become": True, "ansible_become_password": SUDO}
    return replace(operator, own={machine.name: become})


@pytest.fixture(scope="module")
def visitor(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    return Visitor(machine.address, tmp_path_factory.mktemp("visitor") / "root.crt")


@pytest.fixture(scope="module")
def host(machine: Machine) -> Host:
    return testinfra.get_host(f"ssh://{machine.name}", ssh_config=str(machine.ssh_config))


@pytest.fixture
def nothing_fails(machine: Machine) -> Iterator[None]:
    """Whatever a test does, no unit is left failed."""
    yield
    assert machine.run("systemctl --failed --plain --no-legend") == ""


# ---- cut short


def test_a_network_that_goes_in_the_middle_ends_the_play(operator: Operator, machine: Machine) -> None:
    def cut(line: str) -> None:
        if line.startswith("TASK [lastyear : Create its virtual environment]"):
            machine.cut_network()

    with stage("first converge, the network cut in the middle"):
        try:
            said = operator.watching(cut).fail("site")
        finally:
            machine.mend_network()
    assert "Install the locked dependencies" in said


def test_a_wrong_string_of_the_app_database_is_named_without_its_password_and_leaves_nothing_failed(
    operator: Operator, outside: Outside, nothing_fails: None
) -> None:
    wrong = outside.neon.direct_url.replace(outside.neon.password, "not-the-password-of-neon")
    with stage("second converge, with a wrong string of the database"):
        said = operator.having(lastyear_database_direct_url=wrong).fail("site", "--tags", "lastyear")
    assert "did not come up at" in said
    assert "nothing is in service yet" in said
    assert "DATABASE_DIRECT_URL" in said
    assert "not-the-password-of-neon" not in said


# ---- the site


def test_a_second_run_heals_what_was_cut_short(operator: Operator, machine: Machine) -> None:
    with stage("converge"):
        recap = operator.play("site").recap
    assert recap["failed"] == recap["unreachable"] == 0
    print(recap)


def test_everything_runs_and_comes_back_at_boot(host: Host, nothing_fails: None) -> None:
    for name in RUNNING:
        service = host.service(name)
        assert service.is_running, name
        assert service.is_enabled or name == f"{POSTGRESQL}.service", name


def test_the_import_that_the_play_began_ends_by_itself(machine: Machine) -> None:
    with stage("import"):
        wait_until(lambda: "export" in machine.run("lastyear mirror status || true"), seconds=120)
        wait_until(
            lambda: machine.run("systemctl is-active lastyear-mirror-import@needed || true").strip() == "inactive",
            seconds=60,
        )
    assert machine.run("systemctl show -P Result lastyear-mirror-import@needed").strip() == "success"


def test_the_units_are_sandboxed(machine: Machine) -> None:
    for name in SERVICES:
        said = machine.run(f"systemd-analyze security --no-pager {name}.service").splitlines()[-1]
        print(said)
        assert float(re.search(r": ([0-9.]+)", said)[1]) <= 1.5  # type: ignore[index]
    assert machine.run("systemd-analyze verify /etc/systemd/system/lastyear-*.timer lastyear.target 2>&1") == ""


def test_only_ssh_and_the_web_are_open(machine: Machine) -> None:
    assert machine.open_ports(range(1, 10_000)) == [22, 80, 443]
    listening = machine.run("ss -Hltn")
    assert not re.search(r":(5432|6379|2019)\s", listening)


def test_valkey_is_for_who_has_a_name_and_nobody_may_empty_it(machine: Machine) -> None:
    assert "NOAUTH" in machine.run("valkey-cli -s /run/valkey/valkey.sock ping 2>&1")
    for user, url in (("operator", "redis_url"), ("web", "redis_url_web"), ("worker", "redis_url_worker")):
        password = password_at_valkey(machine, url)
        assert asked_of_valkey(machine, user, password).strip() == "PONG", user
        assert "NOPERM" in asked_of_valkey(machine, user, password, "flushall"), user


def test_a_flood_of_pings_by_ipv4_does_not_cut_ipv6(machine: Machine) -> None:
    cable = machine.place.cable
    machine.run("ip addr replace fd00:1a57::2/64 dev host0 nodad")
    run("ip", "addr", "replace", "fd00:1a57::1/64", "dev", cable.interface, "nodad")
    with flood_of_pings(cable.address) as flood:
        wait_until(lambda: flood.sent > 2_000)
        # The host has to ask who has the address before it can connect.
        run("ip", "-6", "neigh", "flush", "dev", cable.interface)
        with socket.create_connection(("fd00:1a57::2", 443), timeout=PATIENCE):
            pass
    machine.run("ip addr del fd00:1a57::2/64 dev host0")
    print(f"{flood.answered} of {flood.sent} pings answered")
    assert 0 < flood.answered < flood.sent / 2


def test_the_kernel_is_renewed_at_night_and_the_journal_forgets(machine: Machine) -> None:
    upgrades = machine.run("apt-config dump Unattended-Upgrade")
    assert 'Automatic-Reboot "true"' in upgrades
    assert 'Automatic-Reboot-Time "04:00"' in upgrades
    journal = machine.run("systemd-analyze cat-config systemd/journald.conf")
    assert "\nMaxFileSec=1day\nMaxRetentionSec=14day\n" in journal
    for unit in ("valkey-server", POSTGRESQL):
        assert "ready" in machine.run(f"journalctl -q -o cat -u {unit}").lower(), unit


def test_ssh_takes_keys_alone(machine: Machine) -> None:
    settings = machine.run("sshd -T")
    assert "passwordauthentication no" in settings
    assert "permitrootlogin without-password" in settings


def test_the_site_is_served_by_tls_and_what_is_inside_is_not(visitor: Visitor, machine: Machine) -> None:
    root = machine.run("cat /var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt")
    visitor.authority.write_text(root)
    page = visitor.get("/")
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert page.headers["Content-Encoding"] in ("gzip", "zstd")
    assert "Server" not in page.headers
    plain = visitor.get(f"http://{DOMAIN}/about")
    assert (plain.status_code, plain.headers["Location"]) == (308, f"https://{DOMAIN}/about")
    for path in ("/readyz", "/metrics", "/internal/job-update", "//readyz", "/%72eadyz", "/user/../readyz"):
        assert visitor.get(path).status_code == 404, path
    assert machine.run("curl -sf --unix-socket /run/lastyear/web.sock http://localhost/readyz")


def test_no_header_of_a_stranger_opens_a_door(visitor: Visitor) -> None:
    for headers in (
        {"SCRIPT_NAME": "/x"},
        {"SCRIPT-NAME": "/x", "X-Forwarded-Prefix": "/x", "X-Script-Name": "/x"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
        {"X_Forwarded_For": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1", "X-Forwarded-Host": "localhost"},
        {"X-Original-URL": "/metrics", "X-Rewrite-URL": "/metrics", "PATH_INFO": "/metrics"},
    ):
        for path in ("/metrics", "/x/metrics", "/readyz", "/x/readyz", "/x/operator/", "/internal/job-update"):
            assert visitor.get(path, headers=headers).status_code == 404, (path, headers)
        assert visitor.get("/operator/", headers=headers).status_code == 401, headers
        assert visitor.get("/about", headers=headers).status_code == 200, headers


def test_while_the_pages_are_away_a_page_of_its_own_says_so(visitor: Visitor, machine: Machine) -> None:
    def says_so(path: str) -> bool:
        answer = visitor.get(path)
        return answer.status_code == 503 and answer.headers["Refresh"] == answer.headers["Retry-After"] == "10"

    machine.run("systemctl stop lastyear-web.socket lastyear-web.service")
    try:
        assert says_so("/")
        page = visitor.get(LUCA)
        assert "Back in a moment" in page.text
        assert "Server" not in page.headers
        assert visitor.get(f"{LUCA}.json").json()["error"]["code"] == "unavailable"
    finally:
        machine.run("systemctl start lastyear-web.socket lastyear-web.service")
    wait_until(lambda: answers(visitor, "/"))
    machine.run("touch /etc/caddy/maintenance")
    try:
        assert says_so("/")
        assert visitor.get("/operator/").status_code == 401
        assert answers(visitor, "/healthz"), "which the doctor asks for"
    finally:
        machine.run("rm /etc/caddy/maintenance")
    assert answers(visitor, "/")


def test_what_the_site_needs_comes_back_by_itself_and_is_reported(
    visitor: Visitor, machine: Machine, nothing_fails: None
) -> None:
    units = (POSTGRESQL, "valkey-server", "caddy")

    def processes() -> list[str]:
        """The first process of each; 0 where there is none."""
        return machine.run(f"systemctl show -P MainPID {' '.join(units)}").split()

    def all_came_back() -> bool:
        states = machine.run(f"systemctl is-active {' '.join(units)} || true").split()
        return states == ["active"] * len(units) and not {*processes()} & {*before, "0"}

    for signal in ("KILL", "TERM"):
        before = processes()
        machine.run(f"kill -{signal} {' '.join(before)}")
        wait_until(all_came_back)
    told = machine.run("journalctl -q -o cat -u 'lastyear-failure@*'")
    for unit in units:
        assert f"{unit}.service failed on" in told, unit
    wait_until(lambda: answers(visitor, "/") and doctor(machine)[0] == 0, otherwise=lambda: doctor(machine)[1])


def test_the_access_log_has_paths_but_not_what_was_asked_for(visitor: Visitor, machine: Machine) -> None:
    assert visitor.get("/user?name=WhoeverThisIs").status_code == 303
    wait_until(lambda: '"uri":"/user"' in machine.run("journalctl -q -o cat -u caddy"))
    assert "WhoeverThisIs" not in machine.run("journalctl -q -o cat -u caddy")


def test_a_year_grows_in_a_browser_far_away(visitor: Visitor, outside: Outside) -> None:
    outside.lastfm.latency = 0.3
    with stage("a listener's year through the site"):
        events = visitor.follow(LUCA)
    outside.lastfm.latency = 0.0
    last = events[-1]
    assert last["phase"] == "completed"
    assert last["scrobbles"] == last["expected"] > 600
    assert last["matched"] > 0.8 * last["scrobbles"]
    assert len({event["done"] for event in events}) > 1, "it came at once"
    assert visitor.get(f"{LUCA}.json").json()["progress"]["years"] == last["years"]
    with psycopg.connect(outside.neon.admin) as connection:
        row = connection.execute("SELECT count(*) FROM scrobbles_flat").fetchone()
    assert row
    assert row[0] == last["scrobbles"]


def test_covers_come_into_a_folder_within_the_sandbox_and_outlast_a_restart(
    visitor: Visitor, machine: Machine, outside: Outside
) -> None:
    with stage("covers"):
        address = a_cover(visitor)
    group, picture = address.removeprefix("/cover/").partition("?")[0], visitor.get(address).content
    kept = f"find /var/cache/lastyear-web -name '{group}-*.webp' -printf '%u %m\\n'"
    assert set(machine.run(kept).splitlines()) == {"lastyear-web 600"}
    machine.run("systemctl restart lastyear-web")
    assert visitor.get(address).content == picture
    assert outside.covers.asked_for(UUID(group)) == 1
    wait_until(lambda: re.search(r"covers +[1-9]\d* covers?, ", doctor(machine)[1]))


def test_release_years_are_told_to_programs_from_inside_the_sandbox(visitor: Visitor, machine: Machine) -> None:
    address, album = f"https://{DOMAIN}/api/release-years", {"artist": "Radiohead", "album": "OK Computer"}
    with visitor.session() as session:
        answer = session.post(address, json=[album] * 200, timeout=30)
        refused = session.post(address, json=[{**album, "more": "x" * 2000}] * 200, timeout=30)
    assert {one["release_year"] for one in answer.json()["answers"]} == {1997}
    assert answer.headers["Content-Encoding"] == "gzip"
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
    assert answer.headers["Access-Control-Allow-Origin"] == refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "Radiohead" not in machine.run("journalctl --no-pager")


def test_replication_by_its_timers_service_applies_what_has_changed(machine: Machine, outside: Outside) -> None:
    before = json.loads(machine.run("lastyear mirror status --json"))["replication_sequence"]
    number = outside.publish_packet(a_renamed_release_group())
    with stage("replication"):
        machine.run("systemctl start lastyear-mirror-replicate.service")
    assert " applied, 1 changes kept" in machine.run("journalctl -q -o cat -u lastyear-mirror-replicate")
    after = json.loads(machine.run("lastyear mirror status --json"))
    assert before < number == after["replication_sequence"]
    assert after["packets_behind"] == 0


def test_the_operators_pages_want_a_password(visitor: Visitor) -> None:
    assert visitor.get("/operator/").status_code == 401
    assert visitor.get("/operator/", auth=("operator", "guess")).status_code == 401
    for path in ("/operator/", "/operator/queues/"):
        assert visitor.get(path, auth=("operator", PASSWORD)).status_code == 200, path


def test_the_doctor_finds_everything_well(machine: Machine, operator: Operator) -> None:
    code, said = doctor(machine)
    print(said)
    assert code == 0, said
    assert said_nothing_secret(said, operator)


def test_the_doctor_finds_what_is_broken(machine: Machine, operator: Operator) -> None:
    machine.run("systemctl stop valkey-server lastyear-worker@2; mv /etc/lastyear/credentials/mirror_url /root/")
    try:
        code, said = doctor(machine)
    finally:
        machine.run(
            "mv /root/mirror_url /etc/lastyear/credentials/; systemctl start valkey-server lastyear-worker@2"
        )
    print(said)
    assert code == 2
    assert "MIRROR_URL" in said
    assert "lastyear-worker@2" in said
    assert "redis" in said.lower()
    assert said_nothing_secret(said, operator)
    wait_until_well(machine, seconds=60)


def test_the_doctors_timer_tells_what_lasts_and_when_it_is_over(machine: Machine) -> None:
    def turns() -> str:
        for _ in range(3):  # one of them may be a turn that had begun before
            machine.run("systemctl start lastyear-doctor.service")
        return machine.run("journalctl -q -o cat -p notice -u lastyear-doctor")

    machine.run("systemctl stop caddy; nft flush ruleset")
    try:
        said = turns()
    finally:
        machine.run("systemctl start caddy; systemctl restart nftables")
    print(said)
    for line in (
        "units: caddy.service is not running → `systemctl start caddy.service`",
        "firewall: no rule drops what comes in → `systemctl restart nftables.service`",
        f"site: https://{DOMAIN} cannot be reached",
    ):
        assert said.count(line) == 1, line
    assert "units (caddy.service): well again" in turns()


# ---- its days


def test_another_run_changes_nothing_but_what_reads_the_one_variable_that_is_new(
    operator: Operator, visitor: Visitor, machine: Machine
) -> None:
    def starts() -> str:
        units = f"lastyear-web lastyear-worker@1 {POSTGRESQL} caddy"
        return machine.run(f"systemctl show -P ExecMainStartTimestampMonotonic {units}")

    before, valkey = starts(), machine.run("systemctl show -P MainPID valkey-server")
    with stage("converge again, with one changed variable"), visitor.streaming("/", LUCA) as stream:
        played = operator.having(lastyear_valkey_memory_mb=99).play("site")
    print(f"{played.recap}; {stream.asked} requests while Valkey restarted, {stream.faults} lost")
    assert played.changed == ["valkey : Write the settings", "valkey : Restart Valkey"]
    assert played.recap["changed"] == 2
    assert machine.run("systemctl show -P MainPID valkey-server") != valkey
    assert starts() == before


def test_a_new_version_is_deployed_and_no_request_is_lost(
    operator: Operator, visitor: Visitor, machine: Machine, tmp_path: Path, nothing_fails: None
) -> None:
    checkout = changed_checkout(
        tmp_path / "newer",
        replaced("app/web/templates/about.html", "<h1>", "<h1>NEWER "),
        replaced("pyproject.toml", f'version = "{BASE}"', f'version = "{BASE}.1"'),
    )
    before = visitor.get("/healthz").text.split()[1]
    assert before.startswith(f"{BASE}+g"), "the commit that this checkout is of"
    with stage("deploy under load"), visitor.streaming("/", LUCA, "/about", f"{LUCA}.json") as stream:
        said = operator.from_checkout(checkout).play("deploy").output
    print(f"{stream.asked} requests, the slowest {stream.slowest:.2f} s, {len(stream.faults)} lost")
    assert stream.asked > 100
    assert stream.faults == []
    assert "NEWER" in visitor.get("/about").text
    assert f"Version {BASE}.1<" in visitor.get("/").text
    told = " ".join(said.partition("TASK [lastyear : Migrate the tables")[0].split())
    assert re.search(rf"From {re.escape(before)} \(.+\) to {BASE}\.1 \(.+\)\. Migrations: The tables are up", told)


def test_a_version_that_answers_but_whose_every_job_fails_is_taken_back_by_itself(
    operator: Operator, visitor: Visitor, machine: Machine, tmp_path: Path
) -> None:
    links = "readlink /opt/lastyear/current /opt/lastyear/previous"
    before = machine.run(links)
    broken = 'raise TypeError("no job comes through")'
    checkout = changed_checkout(
        tmp_path / "broken",
        replaced("worker/shutdown.py", "            job(*arguments, **named)", f"            {broken}"),
    )
    with stage("deploy of a broken version"):
        said = operator.from_checkout(checkout).fail("deploy")
    assert "did not come up" in said
    assert "the job failed: TypeError: no job comes through" in said
    assert "is in service again" in said
    assert visitor.get("/").status_code == 200
    assert "NEWER" in visitor.get("/about").text
    assert machine.run(links) == before


def test_a_rollback_brings_the_version_before_that_served_well(
    operator: Operator, visitor: Visitor, machine: Machine, nothing_fails: None
) -> None:
    newer = machine.run("readlink /opt/lastyear/current")
    with stage("rollback"):
        operator.play("rollback")
    assert "NEWER" not in visitor.get("/about").text
    assert visitor.get(LUCA).status_code == 200
    assert machine.run("readlink /opt/lastyear/previous") == newer
    assert machine.run("ls /opt/lastyear/releases | wc -l").strip() == "2", "those that served"


def test_secrets_are_changed_and_no_request_is_lost(
    operator: Operator, visitor: Visitor, machine: Machine, outside: Outside, nothing_fails: None
) -> None:
    """Of a key and of the database's user, a new one is made beside it. Valkey takes the old password as well, and
    the pages the token of workers that have not been restarted yet. Then the old ones end."""
    key, token, before = secrets.token_hex(16), secrets.token_hex(24), password_at_valkey(machine)
    outside.lastfm.older_keys, outside.lastfm.api_key = {outside.lastfm_key}, key
    outside.neon = outside.neon.with_another_user("second", secrets.token_urlsafe(24))
    machine.run('sed -i "1i $(openssl rand -hex 32)" /etc/lastyear/valkey.secret')
    assert statuses(machine, token) == {401}
    outside.lastfm.latency = 0.5
    year = "/user/HeavyHelen/2023"
    assert visitor.get(year).status_code == 200
    sent = f"until [ -e /run/changed ]; do {posted(TOKEN)}; sleep 0.3; done >/run/statuses"
    machine.run(f"systemd-run --quiet --unit elsewhere --description 'a worker elsewhere' sh -c '{sent}'")
    changed = operator.having(
        lastyear_lastfm_api_key=key,
        lastyear_internal_token=f"{token},{TOKEN}",
        lastyear_dashboard_password=NEXT_PASSWORD,
        lastyear_database_url=outside.neon.pooled_url,
        lastyear_database_direct_url=outside.neon.direct_url,
    )
    paths = ("/", LUCA, "/about", f"{LUCA}.json", a_cover(visitor))
    with stage("change five secrets under load"), visitor.streaming(*paths) as stream:
        played = changed.play("site", "--tags", "valkey,lastyear")
        machine.run("touch /run/changed; sed -i 2d /etc/lastyear/valkey.secret")
        outside.lastfm.older_keys, outside.lastfm_key, outside.lastfm.latency = set(), key, 0.0
        outside.neon.end_other_users()
        changed.play("site", "--tags", "valkey")
    taken = machine.run("cat /run/statuses").split()
    print(f"{stream}; {len(taken)} events, {taken.count('400')} taken")
    assert stream.faults == []
    assert {*taken} == {TAKEN}
    assert "lastyear : Write the secrets" in played.changed
    assert statuses(machine, token) == {int(TAKEN)}
    assert "PONG" not in asked_of_valkey(machine, "operator", before)
    assert "PONG" in asked_of_valkey(machine, "operator", password_at_valkey(machine))
    for password, status in ((PASSWORD, 401), (NEXT_PASSWORD, 200)):
        assert visitor.get("/operator/", auth=("operator", password)).status_code == status
    assert visitor.follow(year)[-1]["phase"] == "completed"


def test_a_restart_sends_open_pages_away_and_they_may_come_back(
    visitor: Visitor, machine: Machine, outside: Outside
) -> None:
    outside.lastfm.latency = 0.5
    assert visitor.get("/user/LightLuca/2023").status_code == 200
    with visitor.live("/user/LightLuca/2023") as follower:
        follower.recv()
        machine.run("systemctl restart lastyear-web")
        wait_until(lambda: follower.recv_data()[0] == websocket.ABNF.OPCODE_CLOSE)
    outside.lastfm.latency = 0.0
    assert visitor.follow("/user/LightLuca/2023")[-1]["phase"] == "completed"


def test_after_a_reboot_everything_is_back_and_an_interrupted_fetch_goes_on(
    visitor: Visitor, machine: Machine, outside: Outside, host: Host, nothing_fails: None
) -> None:
    outside.lastfm.latency = 2.0
    helen = "/user/HeavyHelen/2024"
    assert visitor.get(helen).status_code == 200
    wait_until(lambda: plays_of(visitor, helen) > 0, seconds=60)
    with stage("reboot"):
        machine.reboot()
        outside.lastfm.latency = 0.0
        wait_until(lambda: answers(visitor, "/"), seconds=60)
    # What Valkey may not load again it leaves out, and only its log says so.
    assert "CRITICAL" not in machine.run("journalctl -q -o cat -u valkey-server")
    with stage("the interrupted fetch"):
        events = visitor.follow(helen)
    assert events[-1]["phase"] == "completed"
    assert events[-1]["scrobbles"] == events[-1]["expected"]
    for name in RUNNING:
        assert host.service(name).is_running, name
    assert doctor(machine)[0] == 0


def test_a_unit_that_fails_is_told_of(machine: Machine) -> None:
    machine.run(
        "systemctl stop valkey-server; systemctl start lastyear-rematch || true; systemctl start valkey-server"
    )
    told = "journalctl -q -o cat -u 'lastyear-failure@*'"
    wait_until(lambda: "lastyear-rematch.service failed on" in machine.run(told))
    machine.run("systemctl reset-failed")


def test_no_secret_is_seen_where_it_should_not(machine: Machine, outside: Outside, operator: Operator) -> None:
    hidden = [*outside.secrets, SUDO, PASSWORD, NEXT_PASSWORD, TOKEN]
    hidden += [b64encode(f"operator:{one}".encode()).decode() for one in (PASSWORD, NEXT_PASSWORD)]
    passwords = "cut -d: -f3 /etc/lastyear/credentials/redis_url* | cut -d@ -f1"
    hidden += machine.run(f"cat /etc/lastyear/valkey.secret; {passwords}").split()
    journal, processes = machine.run("journalctl -q --no-pager -o json"), machine.run("ps axeww")
    readable = "find / -xdev -type f -perm -o=r -not -path '/proc/*' -not -path '/sys/*' -size -20M"
    for secret in hidden:
        assert secret not in journal
        assert secret not in processes
    patterns = " ".join(f"-e {re.escape(secret)}" for secret in hidden)
    assert machine.run(f"{readable} -exec grep -lF {patterns} {{}} + || true", seconds=240) == "", "readable"


def test_uninstalling_leaves_nothing_of_it_and_all_that_was_there_before(
    operator: Operator, machine: Machine, bare: Inventory
) -> None:
    assert 'make uninstall ARGS="-e really=yes"' in operator.fail("uninstall")
    machine.run("runuser -u postgres -- createdb of-somebody-else")
    assert "database of-somebody-else" in operator.fail("uninstall", "-e", "really=yes")
    machine.run("runuser -u postgres -- dropdb of-somebody-else")
    assert machine.run("systemctl is-active lastyear-web").strip() == "active", "it only asked"
    machine.run("DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends tree")
    with stage("uninstall"):
        operator.play("uninstall", "-e", "really=yes")
    machine.run("DEBIAN_FRONTEND=noninteractive apt-get -qy purge tree")
    assert Inventory.of(machine).differences(bare) == []
    with stage("uninstall again"):
        operator.play("uninstall", "-e", "really=yes")
    assert machine.run("systemctl is-system-running") == "running\n"
    machine.run("systemd-run --unit open python3 -m http.server 8443")
    wait_until(lambda: machine.open_ports([22, 80, 443, 8443]) == [22, 8443])


# ---- what they use


TAKEN = "400"
"""What is said to an event without content from somebody who knows the token; 401 to all others."""


def posted(token: str) -> str:
    """A command that sends such an event, and prints what is said to it."""
    return (
        "curl --silent --output /dev/null --unix-socket /run/lastyear/web.sock --max-time 60"
        f' --write-out "%{{http_code}}\\n" --header "Authorization: Bearer {token}" --data x'
        " http://localhost/internal/job-update"
    )


def password_at_valkey(machine: Machine, user: str = "redis_url") -> str:
    """The password of a user of Valkey, by the name of the URL."""
    return machine.run(f"cut -d: -f3 /etc/lastyear/credentials/{user} | cut -d@ -f1").strip()


def asked_of_valkey(machine: Machine, user: str, password: str, question: str = "ping") -> str:
    """What Valkey says to a user."""
    ask = f"valkey-cli -s /run/valkey/valkey.sock --user {user} {question}"
    return machine.run(f"REDISCLI_AUTH={password} {ask} 2>&1")


def statuses(machine: Machine, token: str) -> set[int]:
    return {int(line) for line in machine.run(posted(token)).split()}


def said_nothing_secret(said: str, operator: Operator) -> bool:
    """Whether none of the operator's secrets is in it."""
    names = ("lastfm_api_key", "metabrainz_token", "dashboard_password", "database_url")
    return not any(operator.variables[f"lastyear_{name}"] in said for name in names)


def a_cover(visitor: Visitor) -> str:
    """The address of a cover of Luca's year, as soon as there is one."""
    most_played = visitor.get(f"{LUCA}/top.json").json().values()
    addresses = [str(album[-1]) for albums in most_played for album in albums]
    addresses = [address for address in addresses if address.startswith("/cover/")][:9]  # one in eight has none

    def shown() -> list[str]:
        return [one for one in addresses if visitor.get(one).headers["Content-Type"] == "image/webp"]

    return wait_until(shown)[0]


def plays_of(visitor: Visitor, path: str) -> int:
    """How many plays of a year are in."""
    event = visitor.get(f"{path}.json").json()["progress"]
    return int(event["done"]) if event else 0


def answers(visitor: Visitor, path: str) -> bool:
    """Whether the site is there."""
    try:
        return visitor.get(path, timeout=PATIENCE).status_code == 200
    except OSError:
        return False


def a_renamed_release_group() -> list[Edit]:
    """An edit that a mirror of albums keeps."""
    before = rows_by_table(albums())["release_group"][0]
    name = COLUMNS["release_group"].index("name")
    return [("release_group", before, (*before[:name], "Renamed Overnight", *before[name + 1 :]))]
