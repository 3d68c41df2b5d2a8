"""What the host must have so that a machine can boot on it."""

import os
import shutil
import sys

from tests.provision.places import UNIFIED

COMMANDS = (
    *("systemd-nspawn", "debootstrap", "ip", "nft", "pgbouncer", "ssh", "ssh-keygen", "openssl"),
    *("nsenter", "setpriv", "mount", "unshare"),
)


def lack() -> str:
    """A sentence on what is missing here; empty where nothing is."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "Booting a machine needs root on Linux."
    missing = [command for command in COMMANDS if not shutil.which(command)]
    if missing:
        return f"Missing here: {', '.join(missing)}. On Debian tests/provision/install-packages installs them."
    if not (UNIFIED / "cgroup.procs").exists():
        return f"Booting a machine needs version 2 of control groups, which is not at {UNIFIED}."
    return ""
