"""The site's own processes: started side by side, their output on one terminal, stopped together."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from threading import Thread
from typing import Self

from rich.console import Console
from rich.text import Text

from worker.shutdown import GRACE_PERIOD

GRACE_SECONDS = 2 * GRACE_PERIOD
"""From SIGTERM to SIGKILL: a worker takes up to GRACE_PERIOD to store the stretch in hand."""
POLL_SECONDS = 0.1
LAST_LINES_SECONDS = 5  # for what an ended process wrote to be shown; children that it left may keep the pipe open
COLOURS = ("cyan", "yellow", "green", "magenta")
WIDTH = 8  # of the longest name


class Processes:
    """Processes that share a terminal; leaving the `with` block stops those that still run."""

    def __init__(self, console: Console, folder: Path) -> None:
        self._console, self._folder = console, folder
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._readers: dict[str, Thread] = {}
        self._colours = cycle(COLOURS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._console.print("Stopping ...")
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for name, process in self._processes.items():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._console.print(f"{name} did not stop within {GRACE_SECONDS:g} seconds. It is killed.")
            with suppress(ProcessLookupError):  # its children, if it has left any
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for reader in self._readers.values():
            reader.join()

    def start(self, name: str, environ: Mapping[str, str], *command: str) -> None:
        """Start a process that a Ctrl-C in the terminal does not reach; show what it writes."""
        process = subprocess.Popen(  # noqa: S603  our own commands
            command,
            env=dict(environ),
            cwd=self._folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._processes[name] = process
        reader = Thread(target=self._show, args=(name, next(self._colours), process), daemon=True)
        reader.start()
        self._readers[name] = reader

    def ended(self) -> tuple[str, int] | None:
        """Return the first process that has ended by itself, and its exit code."""
        codes = ((name, process.poll()) for name, process in self._processes.items())
        return next(((name, code) for name, code in codes if code is not None), None)

    def wait(self) -> tuple[str, int]:
        """Wait until one process ends by itself and what it wrote is shown; return its name and exit code."""
        while not (ended := self.ended()):
            time.sleep(POLL_SECONDS)
        self._readers[ended[0]].join(LAST_LINES_SECONDS)
        return ended

    def _show(self, name: str, colour: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        with process.stdout as lines:
            for line in lines:
                self._console.print(
                    Text.assemble((f"{name:<{WIDTH}} | ", colour), line.rstrip("\n")), soft_wrap=True
                )
