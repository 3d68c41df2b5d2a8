"""What a bare Debian is given before it boots: a name, an address, a key, and the host's way to the registries."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

from tests.provision.cable import Cable, run
from tests.provision.places import Place

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
OWN_CERTIFICATES = Path("/usr/local/share/ca-certificates")

NETWORK = """[Match]
Name=host0

[Network]
Address={address}/24
Gateway={host}
LinkLocalAddressing=no
"""
SOURCES = """deb http://deb.debian.org/debian trixie main
deb http://deb.debian.org/debian trixie-updates main
deb http://deb.debian.org/debian-security trixie-security main
"""
DPKG = "force-unsafe-io\n"  # a machine that lives for minutes need not survive a power cut
APT = 'Acquire::Languages "none";\n'
SSH_CONFIG = """Host {machine} {address}
  HostName {address}
  User root
  IdentityFile {folder}/key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking yes
  LogLevel ERROR
"""


def settle(place: Place) -> None:
    """Writes into the mounted root."""
    cable, etc = place.cable, place.root / "etc"
    (etc / "hostname").write_text(f"{place.machine}\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {place.machine}\n")
    (etc / "machine-id").unlink()
    (etc / "machine-id").touch()  # empty: its systemd makes one
    (etc / "systemd/network/10-host0.network").write_text(NETWORK.format(address=cable.address, host=cable.host))
    run("systemctl", "--quiet", f"--root={place.root}", "enable", "systemd-networkd.service")
    (etc / "apt/sources.list").write_text(SOURCES)
    (etc / "apt/apt.conf.d/10-no-translations").write_text(APT)
    (etc / "dpkg/dpkg.cfg.d/10-unsafe-io").write_text(DPKG)
    _name_servers(etc)
    _certificates(place.root)
    _pip(etc)
    _ssh(place, cable)


def _name_servers(etc: Path) -> None:
    """The host's; those of a resolver of its own are not reached from outside of it."""
    stub, real = Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")
    lines = (real if real.exists() else stub).read_text().splitlines()
    servers = [line for line in lines if line.startswith("nameserver") and " 127." not in line]
    (etc / "resolv.conf").unlink(missing_ok=True)
    # Without a network nobody has to wait half a minute for each name.
    (etc / "resolv.conf").write_text("".join(f"{line}\n" for line in [*servers, "options timeout:2 attempts:2"]))


def _certificates(root: Path) -> None:
    """Whom the host trusts. Its own additions also as files, so that update-ca-certificates within keeps them."""
    shutil.copyfile(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    into = root / OWN_CERTIFICATES.relative_to("/")
    for path in OWN_CERTIFICATES.glob("*.crt"):
        into.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, into / path.name)


def _pip(etc: Path) -> None:
    """The host's index, if it names one. Its local folders are not there within."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    config = configparser.ConfigParser(interpolation=None)
    config["global"] = {"cert": str(CERTIFICATES)}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        if name.endswith((".index-url", ".trusted-host")) and "file:" not in value:
            config["global"][name.rpartition(".")[2]] = value.strip("'")
    with (etc / "pip.conf").open("w") as file:
        config.write(file)


def _ssh(place: Place, cable: Cable) -> None:
    """A key made for this machine, and host keys of its own."""
    ssh = place.root / "etc/ssh"
    for path in ssh.glob("ssh_host_*"):
        path.unlink()
    run("ssh-keygen", "-q", "-A", "-f", str(place.root))
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "provision test", "-f", str(place.key))
    allowed = place.root / "root/.ssh/authorized_keys"
    allowed.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(place.key.with_suffix(".pub"), allowed)
    keys = [path.read_text().split()[:2] for path in sorted(ssh.glob("ssh_host_*.pub"))]
    known = "".join(f"{cable.address},{place.machine} {' '.join(key)}\n" for key in keys)
    (place.folder / "known_hosts").write_text(known)
    place.ssh_config.write_text(
        SSH_CONFIG.format(machine=place.machine, address=cable.address, folder=place.folder)
    )
