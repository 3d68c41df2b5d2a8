"""Our own processes within a test: start them, watch them, stop them. A failing test shows their output."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from pydantic import SecretStr

from app.settings import VARIABLES, Settings
from tests.conftest import wait_until

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


class Running:
    """A running process and its output."""

    def __init__(self, command: list[str], environ: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, env=dict(environ), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything in the log, also from earlier processes."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    @property
    def exit_code(self) -> int | None:
        """The exit code, None while the process runs."""
        return self._process.poll()

    def terminate(self) -> None:
        """Send SIGTERM and do not wait."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill the process and all its descendants, the oldest first."""
        for pid in () if self.ended else family(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()


def family(pid: int) -> list[int]:
    """Return the ids of a process and its descendants."""
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [pid, *(number for child in children for number in family(int(child)))]
    return [pid]


def command_of(pid: int) -> bytes:
    """Return the command line of a process; empty if it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def matching_processes(pid: int) -> list[int]:
    """Return the ids of the processes among the descendants of this one that match names."""
    return [number for number in family(pid)[1:] if b"mirror.answering" in command_of(number)]


def environment(settings: Settings, **extra: str) -> dict[str, str]:
    """Return the environment variables for these settings. All are set, so that no file fills one in."""
    values = {name: getattr(settings, name.lower()) for name in VARIABLES}
    texts = {n: v.get_secret_value() if isinstance(v, SecretStr) else str(v) for n, v in values.items()}
    return {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **texts, **extra}


@contextmanager
def running(log: Path, environ: Mapping[str, str], *command: str) -> Iterator[Running]:
    """Run one of our commands; kill it at the end."""
    process = Running([str(BIN / command[0]), *command[1:]], environ, log)
    try:
        yield process
    finally:
        process.kill()


@contextmanager
def web(
    settings: Settings, log: Path, port: int, *, application: str = "app.web:create_app()"
) -> Iterator[Running]:
    """Run the site under its real server; yield once it answers."""
    environ = environment(settings, PORT=str(port))
    with running(log, environ, "gunicorn", "--config", "python:app.server", application) as process:
        wait_until(lambda: answers(port) or process.ended, otherwise=lambda: process.output)
        assert not process.ended, process.output
        yield process


@contextmanager
def workers(settings: Settings, log: Path, *, count: int = 1) -> Iterator[Running]:
    """Run workers for every queue."""
    with running(log, environment(settings), "lastyear", "work", "--workers", str(count)) as process:
        yield process


def answers(port: int) -> bool:
    """Tell whether a site answers on this port."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok
    except requests.RequestException:
        return False
