"""The machine is given every setting that the program reads: secrets as credentials, the others in a file."""

from pathlib import Path

import yaml
from pydantic import SecretStr

from app.settings import VARIABLES

ROLE = Path(__file__).parents[3] / "ansible/roles/lastyear/vars/main.yml"
OF_SYSTEMD = {"PORT"}  # a socket is handed over
OF_UNITS = {"MIRROR_PROFILE"}  # read by a unit's own command


def test_every_setting_is_given_and_no_other() -> None:
    role = yaml.safe_load(ROLE.read_text(encoding="utf-8"))
    plain, secret = set(role["settings"]), {one["name"].upper() for one in role["credentials"]}
    assert plain | secret == VARIABLES.keys() - OF_SYSTEMD | OF_UNITS
    assert secret - OF_UNITS == {name for name, field in VARIABLES.items() if field.annotation is SecretStr}
