"""Caddy's file as the role writes it: who is let through, and what is said while the pages are away."""

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined

from app.logs.names import NameHider
from app.settings import read_settings
from app.web import create_app

ROLE = Path(__file__).parents[3] / "ansible/roles/caddy"


def caddyfile(**variables: Any) -> str:
    """The file of a site with these variables, written as Ansible writes it."""
    jinja = Environment(trim_blocks=True, undefined=StrictUndefined, autoescape=False)  # noqa: S701  it is no HTML
    jinja.filters["bool"] = bool
    jinja.filters["extract"] = lambda name, hosts, variable: hosts[name][variable]
    jinja.globals["lookup"] = lambda _plugin, name: (ROLE / "files" / name).read_text(encoding="utf-8").rstrip()
    given = {
        "lastyear_domain": "lastyear.example.org",
        "lastyear_acme_email": "",
        "lastyear_tls": "internal",
        "lastyear_trusted_proxies": [],
        "lastyear_log_names": False,
        "inventory_hostname": "web1",
        "groups": {"web": ["web1"]},
        "balancers": ["web1"],
        "machines": ["web1"],
        "pages_are_balanced": False,
        "is_behind_balancer": False,
        "pages_port": 8443,
        "hostvars": {
            name: {"lastyear_address": f"192.0.2.{number}"}
            for number, name in enumerate(("web1", "worker1", "web2", "front"), 1)
        },
    }
    template = (ROLE / "templates/Caddyfile.j2").read_text(encoding="utf-8")
    return jinja.from_string(template).render({**given, **variables})


def block(text: str, begin: str) -> str:
    """The block that begins with this line, without its indentation."""
    lines = text.partition(f"{begin} {{\n")[2].splitlines()
    end = next(number for number, line in enumerate(lines) if line.strip() == "}" and "\t\t\t" not in line)
    return "\n".join(line.strip() for line in lines[:end])


def test_maintenance_holds_up_neither_events_nor_the_doctor() -> None:
    assert "not path /internal/* /healthz" in block(caddyfile(), "\t\t@maintenance").splitlines()


def test_only_what_was_read_is_read_again_by_itself() -> None:
    away = caddyfile().partition("handle @away {")[2]
    assert "@read method GET HEAD\n\t\t\theader @read Refresh 10\n" in away
    assert away.count("Refresh") == 1
    read, other = (page for page in away.split("respond ")[2:])
    assert read.startswith("@read `")
    assert "nothing that was read is lost. This page tries again every ten seconds." in read
    assert "nothing that was read is lost. Go back and press it again." in other
    assert "tries again" not in other
    assert "WHAT_NEXT" not in away


def test_events_are_taken_from_each_of_our_machines_and_from_nobody_else() -> None:
    assert "\t\trespond /internal/* 404\n" in caddyfile()
    several = caddyfile(lastyear_progress_by_webhook=True, machines=["web1", "worker1"])
    assert block(several, "\t\t@strangers") == "path /internal/*\nnot remote_ip 192.0.2.1 192.0.2.2"
    assert "\t\trespond /internal/* 404\n" not in several


PATHS = [
    ("/user/HeavyHelen", "/user/"),
    ("/user/HeavyHelen/2024.json?of=songs", "/user//2024.json"),
    ("/user/HeavyHelen/2024/live", "/user//2024/live"),
    ("//USER/HeavyHelen/2024", "//USER//2024"),
    ("/%75s%65r%2FHeavyHelen%2F2024?with=LightLuca", "/%75s%65r%2F"),
    ("/api/v1/users/HeavyHelen", "/api/v1/users/"),
    ("/api/v1/users/HeavyHelen/years/2024/albums?released=1977", "/api/v1/users//years/2024/albums"),
    ("/%61pi//v1/%55ser%73%2FHeavyHelen%2Fyears", "/%61pi//v1/%55ser%73%2F"),
    ("/embed/HeavyHelen/2024?theme=dark", "/embed//2024"),
    ("/%65MBE%44/HeavyHelen/2024", "/%65MBE%44//2024"),
    ("/?name=HeavyHelen", "/"),
    ("/?next=/user/HeavyHelen", "/"),
    ("/user?name=HeavyHelen", "/user"),
    ("/static/style.css?0123", "/static/style.css"),
]


def logged_path(path: str) -> str:
    """What Caddy's logs say of a path."""
    text = caddyfile()
    found = re.findall(r'request>uri regexp "(.+)" "\$1\$2"', text)
    # Of the access log, and of the errors, which are the default log's.
    assert len(found) == 2 == text.count("request>headers delete")
    return re.sub(found[0], r"\1\2", path)


@pytest.mark.parametrize(("path", "logged"), PATHS)
def test_no_path_in_the_log_names_a_listener(path: str, logged: str) -> None:
    assert logged_path(path) == logged


def test_no_address_of_the_site_that_has_a_listener_in_it_names_them_in_a_log() -> None:
    address = "postgresql://nobody@127.0.0.1:1/nothing"
    site = create_app(
        read_settings({"DATABASE_URL": address, "MIRROR_URL": address, "REDIS_URL": "redis://127.0.0.1:1"})
    )
    hider = NameHider(b"a key")
    rules = [rule.rule for rule in site.url_map.iter_rules() if "name" in rule.arguments]
    assert len(rules) > 10
    for rule in rules:
        path = re.sub("<[^<>]+>", "2024", rule.replace("<name>", "HeavyHelen"))
        for written in (path, path.replace("/", "%2F"), path.replace("s", "%73"), path.upper()):
            assert "heavyhelen" not in logged_path(written).lower(), rule
            assert "heavyhelen" not in hider.hide(f"GET {written} HTTP/1.1").lower(), rule


def test_paths_in_the_log_name_listeners_where_the_operator_says_so() -> None:
    assert caddyfile(lastyear_log_names=True).count(r'request>uri regexp \?.* ""') == 2


def test_a_strangers_id_of_a_request_is_dropped() -> None:
    assert "\t\trequest_header -X-Request-Id\n" in caddyfile()
    behind = caddyfile(lastyear_trusted_proxies=["192.0.2.0/24"])
    assert "\t\trequest_header @itself -X-Request-Id\n" in behind


TWO = {
    "groups": {"web": ["web1", "web2"]},
    "balancers": ["front"],
    "machines": ["web1", "web2", "front"],
    "pages_are_balanced": True,
}
BOTH = "https://192.0.2.1:8443 https://192.0.2.3:8443"


def test_a_balancer_asks_every_machine_with_pages_and_has_none_itself() -> None:
    text = caddyfile(**TWO, inventory_hostname="front", lastyear_dashboard="public")
    assert f"\t\treverse_proxy {BOTH} {{\n\t\t\timport balanced\n" in text
    assert f"\t\treverse_proxy /operator* {BOTH} {{\n\t\t\timport balanced\n\t\t\tlb_policy first\n" in text
    assert "tls_trusted_ca_certs /etc/caddy/pages.crt" in text
    assert "unix//run/lastyear" not in text
    assert ":8443 {" not in text.replace(BOTH, "")


def test_pages_behind_a_balancer_are_served_to_it_alone_and_name_nobody_in_a_log() -> None:
    text = caddyfile(**TWO, inventory_hostname="web1", is_behind_balancer=True)
    assert "\n:8443 {\n\ttls /etc/caddy/lastyear.crt /etc/caddy/lastyear.key\n" in text
    assert "\ttrusted_proxies 192.0.2.4\n" in text
    assert "@itself not remote_ip 192.0.2.4\n" in text
    assert "respond @draining" in text
    assert "lastyear.example.org" not in text
    assert "output stdout" not in text, "visitors are in the balancer's log"


def test_a_balancer_may_have_pages_of_its_own() -> None:
    text = caddyfile(**{**TWO, "balancers": ["web1"]}, is_behind_balancer=True)
    assert f"reverse_proxy {BOTH} {{" in text
    assert "\n:8443 {\n" in text
    assert "\nlastyear.example.org {\n" in text


def test_an_ipv6_address_stands_in_brackets() -> None:
    hosts = {"web1": {"lastyear_address": "2001:db8::1"}, "front": {"lastyear_address": "2001:db8::2"}}
    one = {**TWO, "groups": {"web": ["web1"]}, "machines": ["web1", "front"]}
    assert "reverse_proxy https://[2001:db8::1]:8443 {" in caddyfile(
        **one, inventory_hostname="front", hostvars=hosts
    )
