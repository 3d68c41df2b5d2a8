"""What there is on a machine, to be compared with what there was before."""

from dataclasses import dataclass
from typing import Self

from tests.provision.machine import Machine

CHANGING = (
    *("/proc", "/sys", "/dev", "/run/user", "/root/.ansible", "/home/*/.ansible", "/var/log", "/var/backups"),
    *("/tmp", "/var/tmp"),  # noqa: S108  only looked past
    # Debian's own books, and what it makes out of what is installed.
    *("/var/lib/dpkg", "/var/lib/apt", "/var/lib/ucf", "/var/cache/apt", "/var/cache/debconf", "/etc/ld.so.cache"),
    *("/var/cache/ldconfig", "/var/lib/systemd", "/var/lib/sudo", "/usr/lib/python3"),
)
"""What changes on any machine on which packages come and go."""

LOOKS = {
    "users": "cut -d: -f1 /etc/passwd",
    "groups": "cut -d: -f1 /etc/group",
    "packages": "dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n'",
    "units": "systemctl list-unit-files --no-legend | awk '{print $1, $2}'",
    "running": "systemctl list-units --no-legend --plain -t service --state=running | awk '!/^user/ {print $1}'",
    "failed": "systemctl list-units --no-legend --plain --state=failed | cut -d' ' -f1",
    "listening": "awk '$4 == \"0A\" {print $2}' /proc/net/tcp /proc/net/tcp6",
    "sshd": "sshd -T",
    "upgrades": "apt-config dump Unattended-Upgrade",
    "journal": "systemd-analyze cat-config systemd/journald.conf",
    "logs": "find /var/log -name '*lastyear*' -o -name '*caddy*' -o -name '*valkey*' -o -name '*postgres*'",
    "settings": "find /etc -type f -exec sha256sum {} + | awk '{print $2, $1}'"
    " | grep -v '^/etc/\\(passwd\\|group\\|g\\?shadow\\|sub.id\\)-\\? \\|^/etc/ld.so.cache \\|^/etc/.pwd.lock '",
    "files": "find / -xdev \\( " + " -o ".join(f"-path {path}" for path in CHANGING) + " \\) -prune -o"
    " -not -name __pycache__ -not -name '*.pyc' -printf '%p %y %m %u:%g\\n'",
}  # fmt: skip
"""What is looked at -> the command that tells it."""


@dataclass(frozen=True)
class Inventory:
    """What there is: by what was looked at, a line for each thing."""

    found: dict[str, frozenset[str]]

    @classmethod
    def of(cls, machine: Machine) -> Self:
        """Look at a machine."""
        return cls({what: frozenset(machine.run(command).splitlines()) for what, command in LOOKS.items()})

    def differences(self, before: Self) -> list[str]:
        """What has come and what has gone since."""
        return [
            f"{what} {sign} {line}"
            for what, lines in self.found.items()
            for sign, some in (("+", lines - before.found[what]), ("-", before.found[what] - lines))
            for line in sorted(some)
        ]
