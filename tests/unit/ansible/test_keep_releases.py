"""`keep-releases`, which keeps those that served well and says which one a rollback goes to."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "ansible/roles/lastyear/files/keep-releases"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "releases").mkdir()
    return tmp_path


def install(root: Path, *names: str) -> None:
    """Put releases on the machine, which says nothing about how they serve."""
    for name in names:
        (root / "releases" / name).mkdir(exist_ok=True)
        (root / "releases" / name / "complete").touch()


def serves(root: Path, name: str, keep: int = 3, before: str = "") -> tuple[list[str], str]:
    """The release has passed its checks. Returns what is there afterwards, and what `previous` is."""
    command = ["sh", str(SCRIPT), str(keep), name, before]
    subprocess.run(command, env={**os.environ, "ROOT": str(root)}, check=True)
    assert {path.name for path in root.iterdir()} <= {"previous", "releases", "served"}
    previous = root / "previous"
    there = sorted(path.name for path in (root / "releases").iterdir())
    return there, previous.readlink().name if previous.is_symlink() else ""


def test_those_that_served_are_kept_the_newest_first(root: Path) -> None:
    install(root, "a")
    assert serves(root, "a") == (["a"], "")
    install(root, "b")
    assert serves(root, "b") == (["a", "b"], "a")
    install(root, "c")
    assert serves(root, "c") == (["a", "b", "c"], "b")
    install(root, "d")
    assert serves(root, "d") == (["b", "c", "d"], "c")


def test_one_that_failed_its_checks_is_never_the_previous_one_and_goes(root: Path) -> None:
    install(root, "a", "b")
    serves(root, "a")
    install(root, "b")
    serves(root, "b")
    install(root, "broken", "half")
    (root / "releases/half/complete").unlink()
    install(root, "c")
    assert serves(root, "c") == (["a", "b", "c"], "b")


def test_after_a_rollback_the_complete_one_stays_however_old_it_is(root: Path) -> None:
    for name in ("a", "b"):
        install(root, name)
        serves(root, name)
    assert serves(root, "a") == (["a", "b"], "b")
    install(root, "broken1")
    install(root, "broken2", "c")
    assert serves(root, "c") == (["a", "b", "c"], "a"), "a served last before it"
    assert serves(root, "a") == (["a", "b", "c"], "c")


@pytest.mark.parametrize("keep", [1, 2])
def test_the_one_before_is_kept_in_any_case(root: Path, keep: int) -> None:
    for name in ("a", "b", "c"):
        install(root, name)
        kept = serves(root, name, keep)
    assert kept == (["b", "c"], "b")


def test_a_note_that_was_emptied_costs_no_release_that_may_be_needed(root: Path) -> None:
    for name in ("a", "b", "c"):
        install(root, name)
        serves(root, name)
    (root / "served").write_text("")
    install(root, "d")
    assert serves(root, "d", before="c") == (["b", "c", "d"], "c")


def test_an_installation_that_noted_nothing_yet_begins_with_what_was_there(root: Path) -> None:
    install(root, "a", "b", "broken", "c")
    (root / "previous").symlink_to(root / "releases/a")
    assert serves(root, "c", before="b") == (["a", "b", "c"], "b")


def test_the_same_again_changes_nothing(root: Path) -> None:
    for name in ("a", "b"):
        install(root, name)
        serves(root, name)
    assert serves(root, "b") == serves(root, "b") == (["a", "b"], "a")


def test_one_that_somebody_has_deleted_is_no_previous_one(root: Path) -> None:
    for name in ("a", "b", "c"):
        install(root, name)
        serves(root, name)
    (root / "releases/b/complete").unlink()
    (root / "releases/b").rmdir()
    install(root, "d")
    assert serves(root, "d") == (["a", "c", "d"], "c")
