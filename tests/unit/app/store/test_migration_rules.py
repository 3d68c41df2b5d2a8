"""A migration that would break the release before it is refused by `make lint`: after it, one may roll back."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SQUAWK = Path(sys.executable).parent / "squawk"


def refused(file: Path) -> str:
    """What squawk says to a migration; empty if nothing."""
    command = [str(SQUAWK), "--config", str(ROOT / "tests/squawk.toml"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bool(done.returncode) == ("warning" in done.stdout)
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TABLE albums DROP COLUMN misses", "ban-drop-column"),
        ("ALTER TABLE albums RENAME COLUMN misses TO failures", "renaming-column"),
        ("ALTER TABLE albums RENAME TO records", "renaming-table"),
        ("DROP TABLE counted_years", "ban-drop-table"),
        ("DROP VIEW scrobbles_flat", "ban-drop-view"),
        ("DROP FUNCTION name_hash(text)", "ban-drop-function"),
        ("ALTER TABLE albums ADD COLUMN colour text NOT NULL", "adding-required-field"),
        ("ALTER TABLE albums ALTER COLUMN misses TYPE bigint", "changing-column-type"),
        ("ALTER TABLE albums ALTER COLUMN album_mbid SET NOT NULL", "adding-not-nullable-field"),
        ("ALTER TABLE albums ALTER COLUMN misses DROP DEFAULT", "ban-drop-default"),
        ("ALTER TABLE albums ADD CONSTRAINT few CHECK (misses < 3)", "constraint-missing-not-valid"),
    ],
)
def test_what_the_release_before_needs_stays(tmp_path: Path, statement: str, rule: str) -> None:
    file = tmp_path / "0099_change.sql"
    file.write_text(f"{statement};\n")
    assert rule in refused(file)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE albums ADD COLUMN colour text",
        "ALTER TABLE albums ADD COLUMN plays integer NOT NULL DEFAULT 0",
        "CREATE TABLE colours (album integer PRIMARY KEY REFERENCES albums (id))",
    ],
)
def test_what_it_does_not_notice_may_come(tmp_path: Path, statement: str) -> None:
    file = tmp_path / "0099_change.sql"
    file.write_text(f"{statement};\n")
    assert refused(file) == ""
