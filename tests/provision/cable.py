"""A machine's cable: an own small network to the host, and through the host to the rest of the world."""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from tests.conftest import wait_until

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
MACHINES = IPv4Network("10.213.0.0/16")
"""Where all of them live; they know each other by these addresses."""

TABLE = """
table ip {table} {{
  chain nat {{
    type nat hook postrouting priority srcnat;
    ip saddr {subnet} ip daddr != {machines} masquerade
  }}
  chain forward {{
    type filter hook forward priority filter;
    jump cut
  }}
  chain cut {{ }}
}}
"""
CUT = """
flush chain ip {table} cut
add rule ip {table} cut meta l4proto tcp iifname {interface} reject with tcp reset
add rule ip {table} cut iifname {interface} reject with icmp type net-unreachable
add rule ip {table} cut oifname {interface} drop
"""


@dataclass(frozen=True)
class Cable:
    """The network between the host and one machine."""

    machine: str
    subnet: str

    @property
    def interface(self) -> str:
        """The host's end."""
        return f"ve-{self.machine}"

    @property
    def host(self) -> str:
        """The host's address, as the machine sees it."""
        return str(IPv4Network(self.subnet)[1])

    @property
    def address(self) -> str:
        """The machine's address."""
        return str(IPv4Network(self.subnet)[2])

    @property
    def table(self) -> str:
        return f"lastyear-{self.machine}"

    def connect(self) -> None:
        """Gives the host's end its address, once the machine has made it."""
        run("ip", "addr", "replace", f"{self.host}/24", "dev", self.interface)
        run("ip", "link", "set", self.interface, "up")

    def pull(self) -> None:
        """Pull it out: nothing goes through it any more, not even a farewell."""
        run("ip", "link", "set", self.interface, "down")

    def open(self) -> None:
        """Lets the machine reach the world by way of the host."""
        _nft(TABLE.format(table=self.table, subnet=self.subnet, machines=MACHINES))

    def cut(self) -> None:
        """From now on the host is all that the machine reaches: the rest is refused, also what is open."""
        _nft(CUT.format(table=self.table, interface=self.interface))

    def mend(self) -> None:
        """Ends a cut."""
        _nft(f"flush chain ip {self.table} cut")

    def discard(self) -> None:
        """Remove the interface: the next boot makes another one of the same name."""
        if Path("/sys/class/net", self.interface).exists():
            # Fails only where the kernel was faster.
            subprocess.run(["ip", "link", "delete", self.interface], capture_output=True)
            wait_until(lambda: not Path("/sys/class/net", self.interface).exists())

    def remove(self) -> None:
        """Takes away what is left of it."""
        self.discard()
        if self.table in run("nft", "list", "tables").split():
            run("nft", "delete", "table", "ip", self.table)


def free_subnet(taken: Iterable[str]) -> str:
    """A private network that neither this host routes to nor another machine has."""
    routes = json.loads(run("ip", "-json", "-4", "route"))
    used = [IPv4Network(route["dst"], strict=False) for route in routes if route["dst"] != "default"]
    used += [IPv4Network(subnet) for subnet in taken]
    return str(
        next(
            subnet
            for subnet in MACHINES.subnets(new_prefix=24)
            if not any(subnet.overlaps(other) for other in used)
        )
    )


def start_forwarding(remembered: Path) -> None:
    """Lets the host forward; what it did before is remembered for when the last machine is gone."""
    if not remembered.exists():
        remembered.write_text(FORWARDING.read_text())
    FORWARDING.write_text("1")


def end_forwarding(remembered: Path) -> None:
    """Puts back what was remembered."""
    if remembered.exists():
        FORWARDING.write_text(remembered.read_text())
        remembered.unlink()


def run(*command: str) -> str:
    """What a command says; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def _nft(rules: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
