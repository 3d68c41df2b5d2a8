"""What a machine has on the host: a folder, a control group, an interface, a table of nftables, all of its name.

A machine lives as long as its folder's lock is held. The folder of one that was killed is found without that,
and all that bears its name is removed.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.conftest import wait_until
from tests.provision import cable
from tests.provision.base import CACHE, remove

MACHINES = CACHE / "machines"
# What is downloaded once per host: links to these files are in every machine, and what it adds is kept.
DOWNLOADS = ("var/cache/apt/archives", "var/cache/lastyear/pip")

_V2 = Path("/sys/fs/cgroup/unified")
UNIFIED = _V2 if _V2.is_dir() else _V2.parent
"""Where version 2 of control groups is, alone or beside version 1."""


_MEMORY = Path("/sys/fs/cgroup/memory")
"""Where memory is bounded beside version 2."""


@dataclass(frozen=True)
class Place:
    """Where a machine of this name is kept."""

    name: str

    def __post_init__(self) -> None:
        # The interface is called ve-ly-NAME, of which the kernel takes 15 letters.
        if not re.fullmatch(r"[a-z][a-z0-9]{0,7}", self.name):
            raise ValueError(f"{self.name!r}: a machine's name is one to eight small letters and digits")

    @property
    def machine(self) -> str:
        """What systemd-nspawn calls it, and its host name."""
        return f"ly-{self.name}"

    @property
    def folder(self) -> Path:
        return MACHINES / self.name

    @property
    def root(self) -> Path:
        """Its root file system, while it is mounted."""
        return self.folder / "root"

    @property
    def upper(self) -> Path:
        """What differs from the bare Debian."""
        return self.folder / "upper"

    @property
    def own(self) -> Path:
        """Where its own files are, mounted or not."""
        return self.upper if self.upper.exists() else self.root

    @property
    def key(self) -> Path:
        """The private SSH key that its root lets in."""
        return self.folder / "key"

    @property
    def ssh_config(self) -> Path:
        """For `ssh -F`: the key, the address and the machine's own host keys."""
        return self.folder / "ssh_config"

    @property
    def memory(self) -> Path:
        """Holds how many MB of memory it may use; is not there where nothing bounds it."""
        return self.folder / "memory-mb"

    @property
    def memory_cgroup(self) -> Path:
        """The control group that bounds it."""
        return _MEMORY / self.cgroup.name if _MEMORY.is_dir() else self.cgroup

    @property
    def power_off(self) -> Path:
        """Is there while it has no power, after which its keeper boots it again."""
        return self.folder / "power-off"

    @property
    def cgroup(self) -> Path:
        """Its control group: exactly the processes of this machine are in it."""
        return UNIFIED / f"lastyear-{self.name}"

    @property
    def cable(self) -> cable.Cable:
        """Its network."""
        return cable.Cable(self.machine, json.loads((self.folder / "network.json").read_text())["subnet"])

    @property
    def log(self) -> str:
        """What its keeper and its console said, the end of it."""
        files = [self.folder / "keeper.log", self.folder / "console.log"]
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in files if path.exists())


@contextmanager
def _alone() -> Iterator[None]:
    """Only one process claims or clears at a time."""
    MACHINES.mkdir(parents=True, exist_ok=True)
    with (MACHINES / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def claim(name: str) -> IO[str]:
    """Makes the folder of a new machine; gives its lock, to be held while it lives."""
    place = Place(name)
    with _alone():
        _clear_leftovers()
        if place.folder.exists():
            raise FileExistsError(f"There is a machine {name!r} already.")
        place.folder.mkdir(mode=0o700)
        lock = (place.folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        taken = [path.read_text() for path in MACHINES.glob("*/network.json")]
        subnet = cable.free_subnet(json.loads(text)["subnet"] for text in taken)
        (place.folder / "network.json").write_text(json.dumps({"subnet": subnet}))
        cable.start_forwarding(MACHINES / ".forwarding")
    return lock


def names() -> list[str]:
    """The machines that there are."""
    return sorted(path.name for path in MACHINES.glob("[a-z]*") if path.is_dir())


def is_alive(place: Place) -> bool:
    """Whether its keeper holds the lock."""
    with suppress(FileNotFoundError), (place.folder / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def clear(place: Place) -> None:
    """Removes all that a machine has on the host. May be done twice, or after half of it was done."""
    with _alone():
        _clear(place)


def _clear_leftovers() -> None:
    for name in names():
        if not is_alive(Place(name)):
            _clear(Place(name))


def _clear(place: Place) -> None:
    kill(place.cgroup)
    if place.memory_cgroup.is_dir():
        place.memory_cgroup.rmdir()
    if (place.folder / "network.json").exists():
        place.cable.remove()
    for path in DOWNLOADS:
        share(place.own / path, CACHE / "downloads" / path)
    for left in ("propagate", "unix-export"):
        remove(Path("/run/systemd/nspawn") / left / place.machine)
    remove(place.folder)
    if not names():
        cable.end_forwarding(MACHINES / ".forwarding")


def bound_memory(place: Place) -> None:
    """Make the control group that bounds a machine's memory, before it boots."""
    if not place.memory.exists():
        return
    group, limit = place.memory_cgroup, str(int(place.memory.read_text()) << 20)
    group.mkdir(exist_ok=True)
    if group == place.cgroup:
        (UNIFIED / "cgroup.subtree_control").write_text("+memory")
        (group / "memory.max").write_text(limit)
    else:
        (group / "memory.limit_in_bytes").write_text(limit)


def kill(cgroup: Path) -> None:
    """Ends every process of a control group, then removes it."""
    if not cgroup.is_dir():
        return
    (cgroup / "cgroup.kill").write_text("1")
    wait_until(lambda: "populated 0" in (cgroup / "cgroup.events").read_text())
    for path, _, _ in os.walk(cgroup, topdown=False):
        Path(path).rmdir()


def share(source: Path, target: Path) -> None:
    """Links the whole files of a folder into another; those that are there already are the same or newer."""
    for folder, _, files in os.walk(source):
        if Path(folder).name == "partial":
            continue
        into = target / Path(folder).relative_to(source)
        into.mkdir(parents=True, exist_ok=True)
        for name in files:
            if name != "lock":
                with suppress(FileExistsError):
                    (into / name).hardlink_to(Path(folder) / name)
