"""The machine is given every setting that the program reads: secrets as credentials, the others in a file."""

import re
from pathlib import Path

import yaml
from jinja2 import Environment
from pydantic import SecretStr

from app.settings import VARIABLES

ANSIBLE = Path(__file__).parents[3] / "ansible"
ROLE = ANSIBLE / "roles/lastyear/vars/main.yml"
OF_SYSTEMD = {"PORT", "BACKUP_FOLDER", "COVERS_FOLDER"}  # a socket is handed over, and folders
# REDIS_URL of these two, the other is the operator's; and DATABASE_URL of the operator's pages.
OF_SERVICES = {"REDIS_URL_WEB", "REDIS_URL_WORKER", "DATABASE_URL_OPERATOR"}
OF_UNITS = {"MIRROR_PROFILE"}  # read by a unit's own command


def test_every_setting_is_given_and_no_other() -> None:
    role = yaml.safe_load(ROLE.read_text(encoding="utf-8"))
    plain, secret = set(role["settings"]), {one["name"].upper() for one in role["credentials"]}
    assert plain | secret == VARIABLES.keys() - OF_SYSTEMD | OF_UNITS | OF_SERVICES
    assert secret - OF_UNITS - OF_SERVICES == {
        name for name, field in VARIABLES.items() if field.annotation is SecretStr
    }


def test_the_operators_pages_have_the_app_database_only_where_they_have_buttons() -> None:
    unit = (ANSIBLE.parent / "systemd/lastyear-dashboard.service").read_text(encoding="utf-8")
    assert re.findall(r"/credentials/(database\w+)", unit) == ["database_url_operator"]
    given = {one["name"]: one for one in yaml.safe_load(ROLE.read_text(encoding="utf-8"))["credentials"]}
    content = Environment(autoescape=False).from_string(given["database_url_operator"]["content"])  # noqa: S701  it is no HTML
    address = {"lastyear_database_url": "postgresql://u:p@h/d"}
    assert content.render(address, lastyear_dashboard_may_change=True) == "postgresql://u:p@h/d"
    assert content.render(address, lastyear_dashboard_may_change=False) == content.render(address) == ""


def test_the_version_of_postgresql_stands_in_one_place() -> None:
    version = yaml.safe_load((ANSIBLE / "group_vars/all.yml").read_text(encoding="utf-8"))["postgresql_version"]
    folders = (ANSIBLE, ANSIBLE.parent / "systemd", ANSIBLE.parent / "tests/provision")
    files = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".yml", ".j2", ".py", ".service")
    ]
    assert len(files) > 50
    literal = re.compile(rf"postgresql[@/-]{version}\b")
    assert [path.name for path in files if literal.search(path.read_text(encoding="utf-8"))] == []
