"""The module that writes a role's files: all of them or none, and it tells who reads what has changed."""

import importlib.util
import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

ANSIBLE = Path(__file__).parents[3] / "ansible"
spec = importlib.util.spec_from_file_location("write_files", ANSIBLE / "library/write_files.py")
assert spec
assert spec.loader
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the module with these files in the folder `there`; what it reports."""

    def run(*files: dict[str, Any], **options: Any) -> dict[str, Any]:
        given = [{"content": "", "owner": ME, "group": str(os.getegid()), **file} for file in files]
        arguments = {"folder": str(tmp_path / "there"), **options, "files": given}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        reported: dict[str, Any] = json.loads(capsys.readouterr().out)
        return reported

    return run


def test_what_is_written_once_changes_nothing_the_second_time(write: Any, tmp_path: Path) -> None:
    files = (
        {"name": "unit", "content": "one\n", "readers": ["pages"]},
        {"name": "unit.d/drop-in", "content": "two\n", "readers": ["pages", "workers"]},
        {"name": "elsewhere", "path": str(tmp_path / "a/b/script"), "content": "three\n", "mode": "0755"},
    )
    first = write(*files)
    assert (first["changed"], first["readers"]) == (True, ["pages", "workers"])
    assert (tmp_path / "there/unit.d/drop-in").read_text() == "two\n"
    assert (tmp_path / "a/b/script").stat().st_mode & 0o777 == 0o755
    second = write(*files)
    assert (second["changed"], second["readers"]) == (False, [])


def test_only_readers_of_what_differs_are_told(write: Any, tmp_path: Path) -> None:
    one, other = {"name": "one", "readers": ["pages"]}, {"name": "other", "readers": ["workers"]}
    write(one, other)
    assert write(one, {**other, "content": "new"})["readers"] == ["workers"]
    (tmp_path / "there/one").chmod(0o666)
    assert write(one, {**other, "content": "new"})["readers"] == ["pages"]
    assert (tmp_path / "there/one").stat().st_mode & 0o777 == 0o644


def test_a_folder_of_secrets_is_closed_again_if_it_was_opened(write: Any, tmp_path: Path) -> None:
    secret = {"name": "secret", "content": "s"}
    write(secret, folder_mode="0700", mode="0600")
    (tmp_path / "there").chmod(0o755)
    assert write(secret, folder_mode="0700", mode="0600")["changed"]
    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "there/secret").stat().st_mode & 0o777 == 0o600


def test_of_files_of_which_one_is_refused_none_is_written(write: Any, tmp_path: Path) -> None:
    good = {"name": "good", "content": "good"}
    bad = {"name": "bad", "content": "bad", "validate": "grep -q good %s"}
    said = write(good, bad)
    assert said["failed"]
    assert "bad was not written" in said["msg"]
    assert not (tmp_path / "there").exists()
    assert write(good, {**bad, "content": "as good"})["changed"]


def test_a_dry_run_writes_nothing_and_shows_what_it_would(write: Any, tmp_path: Path) -> None:
    said = write({"name": "unit", "content": "new\n"}, _ansible_check_mode=True, _ansible_diff=True)
    assert said["changed"]
    assert [(one["before"], one["after"]) for one in said["diff"]] == [("", "new\n")]
    assert not (tmp_path / "there").exists()
