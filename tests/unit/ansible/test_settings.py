"""The machine is given every setting that the program reads: secrets as credentials, the others in a file."""

import re
from pathlib import Path

import yaml
from pydantic import SecretStr

from app.settings import VARIABLES

ANSIBLE = Path(__file__).parents[3] / "ansible"
ROLE = ANSIBLE / "roles/lastyear/vars/main.yml"
OF_SYSTEMD = {"PORT", "BACKUP_FOLDER"}  # a socket is handed over, and a folder
OF_SERVICES = {"REDIS_URL_WEB", "REDIS_URL_WORKER"}  # REDIS_URL of these two; the other is the operator's
OF_UNITS = {"MIRROR_PROFILE"}  # read by a unit's own command


def test_every_setting_is_given_and_no_other() -> None:
    role = yaml.safe_load(ROLE.read_text(encoding="utf-8"))
    plain, secret = set(role["settings"]), {one["name"].upper() for one in role["credentials"]}
    assert plain | secret == VARIABLES.keys() - OF_SYSTEMD | OF_UNITS | OF_SERVICES
    assert secret - OF_UNITS - OF_SERVICES == {
        name for name, field in VARIABLES.items() if field.annotation is SecretStr
    }


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
