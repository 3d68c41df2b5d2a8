"""A Debian 13 that really boots, with its own systemd, network and firewall, reached by SSH from this host.

    with Machine.booted() as machine:
        machine.run("apt-get update")

By hand: `python -m tests.provision.machine up NAME` leaves one running until `down NAME`.
"""

import asyncio
import os
import secrets
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import IO, Self

from tests.conftest import wait_until
from tests.provision import places
from tests.provision.base import bare_debian
from tests.provision.places import Place

ROOT = Path(__file__).parents[2]
ENVIRON = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


class Failed(Exception):
    """A command within the machine ended badly; the message has what it said."""


@dataclass(frozen=True)
class Machine:
    """A machine that runs."""

    place: Place

    @classmethod
    @contextmanager
    def booted(cls, name: str = "", *, memory_mb: int = 0) -> Iterator[Self]:
        """A machine that is up, gone at the end; `memory_mb` bounds its memory."""
        # The keeper ends it when the pipe is closed: by the `with` block, or by the kernel if we are killed.
        machine, keeper = _boot(name or f"t{secrets.token_hex(3)}", stdin=subprocess.PIPE, memory_mb=memory_mb)
        assert keeper.stdin
        with keeper, keeper.stdin:
            yield cls(machine.place)

    @property
    def name(self) -> str:
        """Its host name."""
        return self.place.machine

    @property
    def address(self) -> str:
        """Where the host reaches it."""
        return self.place.cable.address

    @property
    def host_address(self) -> str:
        """Where it reaches the host."""
        return self.place.cable.host

    @property
    def ssh_config(self) -> Path:
        """What `ssh -F` and Ansible take to reach it as root by its name or address."""
        return self.place.ssh_config

    def run(self, command: str, *, seconds: float = 120) -> str:
        """What a shell command within says on standard output; it must succeed.

        Not by SSH, so that it works whatever the firewall and sshd within are told.
        """
        enter = ["nsenter", "--target", str(self._leader()), "--all", "--wd", "/bin/sh", "-c", command]
        done = subprocess.run(
            enter, env=ENVIRON, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds
        )
        if done.returncode:
            raise Failed(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def wait_until_running(self, *, seconds: float = 60) -> None:
        """Until its systemd has started everything and SSH answers; a failed unit is an error."""
        wait_until(self._is_up, seconds=seconds, otherwise=self._log)
        try:
            self.run("systemctl is-system-running --wait", seconds=seconds)
        except Failed as error:
            raise Failed(f"{error}\n{self.run('systemctl --failed --no-pager')}") from None

    def boot_id(self) -> str:
        """Another one after each boot."""
        return self.run("cat /proc/sys/kernel/random/boot_id").strip()

    def reboot(self) -> None:
        """Its system goes down and comes up again, with the same files and the same address."""
        before = Path(f"/proc/{self._leader()}")
        self.run("systemctl --no-block reboot")
        # Nothing is run meanwhile: what is stopped within by a system that goes down would keep it from going.
        wait_until(lambda: not before.exists(), seconds=90, otherwise=self._log)
        self.wait_until_running()

    def cut_power(self) -> None:
        """It is gone at once, and tells nobody: what was connected to it hears nothing any more."""
        self.place.cable.pull()
        self.place.power_off.touch()
        places.kill(self.place.cgroup)
        self.place.cable.discard()

    def power_on(self) -> None:
        """It boots again, with the same files and the same address."""
        self.place.power_off.unlink()
        self.wait_until_running()

    def open_ports(self, ports: Iterable[int]) -> list[int]:
        """Those of its TCP ports that take a connection from the host."""
        return asyncio.run(self._scan(ports))

    async def _scan(self, ports: Iterable[int]) -> list[int]:
        few = asyncio.Semaphore(500)

        async def is_open(port: int) -> bool:
            async with few:
                with socket.socket() as probe:
                    probe.setblocking(False)
                    try:
                        # Next door answers at once; what does not is kept back by a firewall.
                        async with asyncio.timeout(2):
                            await asyncio.get_running_loop().sock_connect(probe, (self.address, port))
                    except OSError:  # TimeoutError is one, even where a busy host looked too late
                        return _is_connected(probe)
                return True

        ports = list(ports)
        found = await asyncio.gather(*map(is_open, ports))
        return list(compress(ports, found))

    def cut_network(self) -> None:
        """From now on it reaches only the host, and the host it."""
        self.place.cable.cut()

    def mend_network(self) -> None:
        """It reaches the world again."""
        self.place.cable.mend()

    def _log(self) -> str:
        return self.place.log

    def _leader(self) -> int:
        """The host's number for its first process."""
        for pid in self._processes():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
            if len(numbers) == 2 and numbers[1] == "1":
                return pid
        raise Failed(f"{self.name} does not run\n{self.place.log}")

    def _processes(self) -> list[int]:
        found = []
        for folder, _, _ in os.walk(self.place.cgroup):
            with suppress(OSError):  # its service has ended meanwhile
                found += [int(number) for number in Path(folder, "cgroup.procs").read_text().split()]
        return found

    def _is_up(self) -> bool:
        if not places.is_alive(self.place):
            raise Failed(f"{self.name} ended\n{self.place.log}")
        try:
            said = self.run("systemctl is-active ssh; hostname -I", seconds=5)
            return said.split() == ["active", self.address]
        except (Failed, OSError, subprocess.TimeoutExpired):
            return False


def _is_connected(probe: socket.socket) -> bool:
    try:
        probe.getpeername()
    except OSError:
        return False
    return True


def _boot(name: str, stdin: int, memory_mb: int = 0) -> tuple[Machine, subprocess.Popen[bytes]]:
    """A machine that is up, and its keeper."""
    bare_debian()  # here, where its minute counts for nobody's deadline
    lock: IO[str] = places.claim(name)
    place = Place(name)
    if memory_mb:
        place.memory.write_text(str(memory_mb))
    with (place.folder / "keeper.log").open("w+b") as log:
        with lock:  # the keeper holds it from now on, as long as it lives
            command = [sys.executable, "-m", "tests.provision.keeper", name]
            keeper = subprocess.Popen(
                command, cwd=ROOT, stdin=stdin, stdout=log, stderr=log, start_new_session=True,
                pass_fds=[lock.fileno()],
            )  # fmt: skip
        (place.folder / "keeper.pid").write_text(str(keeper.pid))
        try:
            Machine(place).wait_until_running()
        except BaseException as error:
            keeper.terminate()
            keeper.communicate()
            log.seek(0)
            error.add_note(log.read().decode(errors="replace")[-3000:])
            places.clear(place)
            raise
    return Machine(place), keeper


def up(name: str) -> None:
    """Boots a machine that runs until `down`, and prints how to reach it."""
    began = time.monotonic()
    machine, keeper = _boot(name, stdin=subprocess.DEVNULL)
    keeper.returncode = 0  # it is left running on purpose
    print(f"up in {time.monotonic() - began:.1f} s: {machine.address} (host {machine.host_address})")
    print(f"ssh -F {shlex.quote(str(machine.ssh_config))} {machine.name}")


def down(name: str) -> None:
    """Ends a machine and removes all it has on the host."""
    place = Place(name)
    if places.is_alive(place):
        keeper = os.pidfd_open(int((place.folder / "keeper.pid").read_text()))
        signal.pidfd_send_signal(keeper, signal.SIGTERM)
        select.select([keeper], [], [], 60)  # readable when it has ended
        os.close(keeper)
    places.clear(place)


def main() -> None:
    """`up NAME`, `down NAME`, or nothing for a list."""
    match sys.argv[1:]:
        case ["up", name]:
            up(name)
        case ["down", name]:
            down(name)
        case []:
            for name in places.names():
                print(f"{name}  {Place(name).cable.address}  ssh -F {Place(name).ssh_config} ly-{name}")
        case _:
            sys.exit("python -m tests.provision.machine [up NAME | down NAME]")


if __name__ == "__main__":
    main()
