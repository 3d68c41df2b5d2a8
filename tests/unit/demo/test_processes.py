"""The processes of `make run` share a terminal, and none outlives it."""

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from demo import processes
from demo.processes import Processes
from tests.conftest import wait_until


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=20, soft_wrap=True)


def output(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_line_has_the_name_of_its_process(console: Console, tmp_path: Path) -> None:
    with Processes(console, tmp_path) as site:
        site.start("web", {}, "/bin/echo", "[a line longer than the terminal is wide]")
        assert site.wait() == ("web", 0)
    assert output(console).startswith("web      | [a line longer than the terminal is wide]\n")


def test_the_first_to_end_by_itself_is_named_with_its_exit_code(console: Console, tmp_path: Path) -> None:
    with Processes(console, tmp_path) as site:
        site.start("web", {}, "/bin/sleep", "60")
        assert site.ended() is None
        site.start("worker", {}, "/bin/sh", "-c", "exit 3")
        assert site.wait() == ("worker", 3)


def test_a_process_that_does_not_stop_is_killed_with_its_children(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.1)
    began = time.monotonic()
    with Processes(console, tmp_path) as site:
        site.start("web", {}, "/bin/sh", "-c", "trap '' TERM; echo ready; sleep 60; sleep 60")
        wait_until(lambda: "ready" in output(console))
    assert time.monotonic() - began < 30, "the pipe is held open by nobody"
    assert "web did not stop within 0.1 seconds" in output(console)
