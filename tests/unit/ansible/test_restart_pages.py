"""`restart-pages`, before which the balancers are made to send nobody here, if there are some."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import wait_until

SCRIPT = Path(__file__).parents[3] / "ansible/roles/lastyear/files/restart-pages"
PROGRAM = """#!/bin/sh
cd {folder}
[ "$1" != --quiet ] || shift
out=; [ ! -e draining ] || out=" (out of service)"
case "$(basename "$0") $1" in
"systemctl is-active") [ -e runs ] && exit 0 || exit 3 ;;
"systemctl restart") echo "restart$out" >>done ;;
"sleep "*) echo "sleep $1$out" >>done; [ ! -e stuck ] || exec /bin/sleep 60 ;;
"curl "*) echo "look$out" >>done; [ ! -e broken ] || exit 22 ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A machine whose pages run, and programs that note what they are called for."""
    (tmp_path / "bin").mkdir()
    for name in ("systemctl", "sleep", "curl"):
        program = tmp_path / "bin" / name
        program.write_text(PROGRAM.format(folder=tmp_path), encoding="utf-8")
        program.chmod(0o755)
    (tmp_path / "runs").touch()
    (tmp_path / "done").touch()
    return tmp_path


def begin(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    environ = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "RUN": str(folder)}
    return subprocess.Popen(["sh", str(SCRIPT), *arguments], env=environ, start_new_session=True)


def done(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """The exit status, and what was done in which order."""
    code = begin(folder, *arguments).wait()
    return code, (folder / "done").read_text(encoding="utf-8").splitlines()


def test_pages_that_nothing_else_stands_in_for_are_restarted_and_looked_at(folder: Path) -> None:
    assert done(folder, "restart") == (0, ["restart", "look"])
    assert not (folder / "draining").exists()


def test_behind_a_balancer_they_go_out_of_service_first_and_come_back_afterwards(folder: Path) -> None:
    out = " (out of service)"
    assert done(folder, "restart", "4") == (0, [f"sleep 4{out}", f"restart{out}", f"look{out}", "sleep 4"])
    assert not (folder / "draining").exists()


def test_pages_that_do_not_answer_stay_out_of_service(folder: Path) -> None:
    (folder / "broken").touch()
    assert done(folder, "restart", "4")[0] == 22
    assert (folder / "draining").exists()


def test_pages_that_have_stayed_out_come_back_with_the_release_that_answers(folder: Path) -> None:
    (folder / "broken").touch()
    done(folder, "restart", "4")
    (folder / "broken").unlink()
    (folder / "done").write_text("", encoding="utf-8")
    out = " (out of service)"
    assert done(folder, "restart", "4") == (0, [f"restart{out}", f"look{out}", "sleep 4"])
    assert not (folder / "draining").exists()


def test_what_somebody_has_taken_out_stays_out(folder: Path) -> None:
    (folder / "draining").touch()
    assert done(folder, "restart", "4") == (0, ["restart (out of service)", "look (out of service)"])
    assert (folder / "draining").exists()


def test_pages_that_do_not_run_are_started_by_a_switch_alone(folder: Path) -> None:
    (folder / "runs").unlink()
    assert done(folder, "try-restart", "4") == (0, [])
    assert done(folder, "restart", "4") == (0, ["restart", "look"])


def test_a_play_that_is_cut_off_leaves_no_pages_out_of_service(folder: Path) -> None:
    (folder / "stuck").touch()
    process = begin(folder, "restart", "4")
    wait_until((folder / "draining").exists)
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()
    assert not (folder / "draining").exists()
