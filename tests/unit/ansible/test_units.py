"""What stands in systemd/ is what the play brings to a machine."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "ansible/roles/lastyear"
READERS = {"pages", "workers", "dashboard", "timers"}


def test_every_file_of_the_folder_is_brought_and_no_other() -> None:
    units = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))["units"]
    folder = ROOT / "systemd"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {one["name"] for one in units} == files


def test_whoever_reads_a_file_has_a_handler() -> None:
    role = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
    named = {reader for one in role["units"] + role["credentials"] for reader in one.get("readers", [])}
    handlers = {one["name"] for one in yaml.safe_load((ROLE / "handlers/main.yml").read_text(encoding="utf-8"))}
    assert named == READERS
    assert {f"Restart the {reader}" for reader in READERS} == handlers
