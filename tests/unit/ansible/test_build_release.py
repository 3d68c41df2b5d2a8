"""`build-release`: the same code gives the same wheel, whose version says of which commit it is."""

import json
import shutil
import subprocess
import sys
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from app import VERSION

ROOT = Path(__file__).parents[3]
BASE = VERSION.partition("+")[0]
FOLDERS = ("app", "worker", "mirror", "demo")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of a program with a few lines, without a history."""
    folder = tmp_path / "checkout"
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(f'"""{name}."""\n')
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.lock"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def git(checkout: Path, *command: str) -> str:
    who = ("-c", "user.name=Tests", "-c", "user.email=tests@music.test", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ["git", *who, *command], cwd=checkout, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(checkout: Path) -> str:
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "A change")
    return git(checkout, "log", "-1", "--format=%h", "--abbrev=7")


def build(checkout: Path) -> tuple[str, str]:
    """The id of the release, and the version that its wheel says."""
    command = [str(ROOT / "ansible/build-release"), str(checkout), sys.executable]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    built = json.loads(done.stdout)
    with ZipFile(built["wheel"]) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        version = Parser().parsestr(wheel.read(name).decode())["Version"]
    return built["id"], version


def test_without_a_history_the_version_is_that_of_the_project(checkout: Path) -> None:
    id_, version = build(checkout)
    assert version == BASE
    assert id_.startswith(f"{BASE}-")
    assert build(checkout) == (id_, version)


def test_the_version_says_of_which_commit_the_code_is(checkout: Path) -> None:
    (checkout / ".gitignore").write_text(".local/\n")
    git(checkout, "init", "--quiet")
    first = commit(checkout)
    id_, version = build(checkout)
    assert version == f"{BASE}+g{first}"
    assert id_.startswith(f"{BASE}-g{first}-"), "which the name of a unit may have"

    (checkout / "notes.md").write_text("Nothing of it is in the wheel.\n")
    commit(checkout)
    assert build(checkout) == (id_, version), "the same code is the same release"

    (checkout / "app/__init__.py").write_text('"""Another."""\n')
    assert build(checkout)[1] == f"{BASE}+g{first}.changed"
    second = commit(checkout)
    assert build(checkout)[1] == f"{BASE}+g{second}" != version
