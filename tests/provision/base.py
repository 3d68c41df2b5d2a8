"""The bare Debian that every machine is a copy of: made once by debootstrap and kept."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.provision.cable import run

SUITE = "trixie"
# What Debian's own images have; without python3-apt Ansible could make no dry run.
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "python3", "python3-apt", "openssh-server"),
    *("ca-certificates", "sudo"),
)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lastyear"


def bare_debian() -> Path:
    """The folder of a whole Debian that nobody may change; made now if there is none."""
    key = hashlib.sha256(" ".join([SUITE, *sorted(PACKAGES)]).encode()).hexdigest()[:12]
    base = CACHE / f"debian-{SUITE}-{key}"
    if base.exists():
        return base
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "debian.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not base.exists():
            _debootstrap(base)
    return base


def _debootstrap(base: Path) -> None:
    """Under another name until it is whole, so that an interrupted one is never used."""
    unfinished, log = base.with_suffix(".unfinished"), base.with_suffix(".log")
    remove(unfinished)
    # What it mounts goes with it, however it ends.
    alone = ["unshare", "--mount", "--propagation", "private"]
    command = [
        *alone,
        "debootstrap",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        SUITE,
        str(unfinished),
    ]
    with log.open("w") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f"debootstrap failed:\n{log.read_text(errors='replace')[-2000:]}")
    for package in (unfinished / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    unfinished.rename(base)


def remove(folder: Path) -> None:
    """Deletes a folder, and nothing of what a process that was killed has left mounted in it."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mounted in reversed([path for path in map(Path, mounts) if path.is_relative_to(folder)]):
        run("umount", str(mounted))
    if folder.exists():
        shutil.rmtree(folder)
