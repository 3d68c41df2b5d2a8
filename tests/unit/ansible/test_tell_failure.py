"""`tell-failure`, which systemd runs for a unit that has failed."""

import os
import subprocess
import time
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "systemd/tell-failure"


def told(folder: Path, unit: str) -> str:
    """What the journal is told of a failure of this unit."""
    (folder / "operator_webhook_url").write_text("", encoding="utf-8")
    environ = {**os.environ, "CREDENTIALS_DIRECTORY": str(folder), "RUNTIME_DIRECTORY": str(folder)}
    done = subprocess.run(["sh", str(SCRIPT), unit], env=environ, capture_output=True, text=True, check=True)
    return done.stderr


def test_a_unit_that_fails_again_and_again_is_told_of_twice_in_ten_minutes(tmp_path: Path) -> None:
    for _ in range(2):
        assert told(tmp_path, "caddy").startswith("<3>caddy failed on ")
    assert told(tmp_path, "caddy") == "", "and this is no failure of the messenger"
    assert told(tmp_path, "lastyear-web"), "another unit is told of"


def test_what_was_told_counts_for_ten_minutes_whatever_happens_to_the_clock(tmp_path: Path) -> None:
    for age in (12 * 60, -3600):
        told(tmp_path, "caddy")
        told(tmp_path, "caddy")
        assert told(tmp_path, "caddy") == ""
        for path in (tmp_path / "caddy").iterdir():
            os.utime(path, (time.time() - age,) * 2)
        assert told(tmp_path, "caddy"), age
