"""Units: the processes of a site, each restarted when it has died, as systemd would.

What belongs to a unit is known by its working folder, as systemd knows it by its control group: whatever a process
has started is found, although its parent was killed.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

CHECK_SECONDS = 0.1
RESTART_SECONDS = 0.5
STOP_SECONDS = 60.0  # from SIGTERM to SIGKILL, as for a worker in systemd/


@dataclass
class Unit:
    """A command in a folder of its own; `answers` tells whether it does its work."""

    name: str
    command: list[str]
    environ: Mapping[str, str]
    folder: Path
    answers: Callable[[], bool]
    stop_signal: signal.Signals = signal.SIGTERM
    user: int | None = None
    starts: int = 0
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What all its processes have written so far."""
        return self.folder / "log"

    @property
    def is_running(self) -> bool:
        """Whether its first process runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, or start it again."""
        self.folder.mkdir(exist_ok=True)
        identity = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # type: ignore[call-overload]  # the identity is only known when it runs
                self.command,
                env=dict(self.environ),
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **identity,
            )
        self.starts += 1

    def send(self, number: signal.Signals, pid: int | None = None) -> None:
        """Send a signal to its first process, or to one of the others."""
        with suppress(ProcessLookupError):
            if pid is not None:
                os.kill(pid, number)
            elif self.process is not None:
                self.process.send_signal(number)

    def processes(self) -> list[int]:
        """Return the ids of all its processes, those that have lost their parent too."""
        return processes_in(self.folder)

    def kill_rest(self) -> None:
        """Kill what its first process has left behind."""
        while left := self.processes():
            for pid in left:
                self.send(signal.SIGKILL, pid)
            time.sleep(0.01)


def processes_in(folder: Path) -> list[int]:
    """Return the ids of all processes that work in this folder or below it, but for this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if (entry / "cwd").readlink().is_relative_to(folder):
                    found.append(int(entry.name))
    return found


class Supervisor:
    """Runs units for the length of a `with` block, and stops them in the opposite order."""

    def __init__(self) -> None:
        self._units: list[Unit] = []
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> "Supervisor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()
        for unit in reversed(self._units):
            _stop(unit)

    def start(self, unit: Unit) -> None:
        """Start a unit, and again whenever it has died."""
        with self._lock:
            unit.start()
            self._units.append(unit)

    def _watch(self) -> None:
        died: dict[str, float] = {}
        while not self._closing.wait(CHECK_SECONDS):
            with self._lock:
                for unit in self._units:
                    if unit.is_running:
                        died.pop(unit.name, None)
                    elif unit.name not in died:
                        unit.kill_rest()
                        died[unit.name] = time.monotonic()
                    elif time.monotonic() - died[unit.name] >= RESTART_SECONDS:
                        unit.start()


def _stop(unit: Unit) -> None:
    if unit.process is None:
        return
    unit.send(unit.stop_signal)
    with suppress(subprocess.TimeoutExpired):
        unit.process.wait(STOP_SECONDS)
    unit.kill_rest()
    unit.process.wait()
