"""The process that keeps one machine: mounts it, boots it, starts it again when it reboots, removes it at the end.

    python -m tests.provision.keeper NAME

It ends the machine when it is told to by SIGTERM, when the machine is switched off from within, and, where its
standard input is a pipe, when that is closed: so nothing outlives a test run that was killed.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tests.provision.base import CACHE, bare_debian
from tests.provision.cable import run
from tests.provision.places import DOWNLOADS, Place, bound_memory, clear, share
from tests.provision.settle import settle

REBOOT = 133  # how systemd-nspawn ends when the system in it asked for a reboot


def main() -> None:
    """Keeps the machine until it ends."""
    place = Place(sys.argv[1])
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the tests, who then close the pipe
    threading.Thread(target=_watch_parent, daemon=True).start()
    try:
        _mount(place)
        settle(place)
        place.cable.open()
        while _boot(place) == REBOOT or _lost_power(place):
            print("booting again", flush=True)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        clear(place)


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit


def _watch_parent() -> None:
    if not os.isatty(0) and not Path("/proc/self/fd/0").samefile("/dev/null"):
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)


def _mount(place: Place) -> None:
    """The bare Debian with the machine's own changes over it; a copy where the kernel cannot layer them."""
    base, work = bare_debian(), place.folder / "work"
    for folder in (place.root, place.upper, work):
        folder.mkdir()
        folder.chmod(0o755)
    _add_downloads(place.upper)
    try:
        layers = f"lowerdir={base},upperdir={place.upper},workdir={work}"
        run("mount", "-t", "overlay", "-o", layers, place.machine, str(place.root))
    except RuntimeError as error:
        print(f"copying, for {error}", flush=True)
        shutil.rmtree(place.upper)
        run("cp", "--archive", "--reflink=auto", f"{base}/.", str(place.root))
        _add_downloads(place.root)


def _add_downloads(root: Path) -> None:
    for path in DOWNLOADS:
        share(CACHE / "downloads" / path, root / path)


def _boot(place: Place) -> int:
    """One life of the system; gives how it ended."""
    place.cgroup.mkdir(exist_ok=True)
    bound_memory(place)
    command = (
        "systemd-nspawn", "--quiet", f"--directory={place.root}", f"--machine={place.machine}",
        f"--hostname={place.machine}", "--boot", "--register=no", "--keep-unit", "--settings=no",
        "--console=passive", "--network-veth", "--capability=CAP_NET_ADMIN", "--resolv-conf=off",
        "--timezone=off", "--link-journal=no",
    )  # fmt: skip
    # systemd 257 within wants one hierarchy of control groups, also where the host has still two.
    environ = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
    # In a control group of its own before it begins; killed with this process, so that neither is ever alone.
    groups = [group for group in (place.cgroup, place.memory_cgroup) if group.is_dir()]
    joined = " && ".join(f"echo $$ > {group}/cgroup.procs" for group in groups)
    enter = f"{joined} && exec setpriv --pdeathsig KILL {' '.join(command)}"
    with (place.folder / "console.log").open("ab") as console:
        process = subprocess.Popen(
            ["/bin/sh", "-c", enter], env=environ, stdin=subprocess.DEVNULL, stdout=console, stderr=console
        )
    interface = Path("/sys/class/net", place.cable.interface)
    while not interface.exists() and process.poll() is None:
        time.sleep(0.02)
    if process.poll() is None:
        place.cable.connect()
    return process.wait()


def _lost_power(place: Place) -> bool:
    """Whether that is how it ended; then once it has power again."""
    lost = place.power_off.exists()
    while place.power_off.exists():
        time.sleep(0.05)
    return lost


if __name__ == "__main__":
    main()
