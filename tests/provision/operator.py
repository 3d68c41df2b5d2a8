"""The operator: writes an inventory, types what docs/operating.md says, and reads what Ansible prints."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import yaml

from tests.provision.machine import Machine
from tests.provision.outside import Outside

CHECKOUT = Path(__file__).parents[2]
DOMAIN = "site.lastyear.test"
PASSWORD = "a-password-that-only-operators-know"
DERIVED = yaml.safe_load((CHECKOUT / "ansible/group_vars/all.yml").read_text(encoding="utf-8"))
POSTGRESQL = f"postgresql@{DERIVED['postgresql_version']}-main"
"""The unit of the mirror's server."""
TOKEN = "the-token-that-workers-send"
PARTS = ("ansible", "app", "demo", "mirror", "systemd", "worker", "pyproject.toml", "requirements.lock")


class PlayFailed(AssertionError):
    """The play ended badly; the message is what it printed."""


@dataclass(frozen=True)
class Played:
    """What a play printed."""

    output: str

    @property
    def recap(self) -> dict[str, int]:
        """What the recap counts, the machines added up."""
        lines = self.output.partition("PLAY RECAP")[2]
        counts: dict[str, int] = {}
        for name, number in re.findall(r"(\w+)=(\d+)", lines):
            counts[name] = counts.get(name, 0) + int(number)
        return counts

    @property
    def changed(self) -> list[str]:
        """The tasks and handlers that changed something, in their order."""
        found, task = [], ""
        for line in self.output.splitlines():
            if heading := re.match(r"(?:TASK|RUNNING HANDLER) \[(.+?)\] \*", line):
                task = heading[1]
            elif line.startswith("changed:") and task not in found:
                found.append(task)
        return found


@dataclass(frozen=True)
class Operator:
    """Who has the inventory of one machine, or of several."""

    folder: Path
    variables: dict[str, Any]
    machine: Machine
    checkout: Path = CHECKOUT
    watch: Callable[[str], None] = field(default=lambda line: None)
    """Is given each line that Ansible prints, as it comes."""
    layout: Mapping[str, Sequence[Machine]] = field(default_factory=dict)
    """Group of the inventory -> its machines, where it is not the only one that has pages, mirror and workers."""
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Machine -> variables of its own."""

    @classmethod
    def of(cls, folder: Path, machine: Machine, outside: Outside) -> Self:
        """The operator of a site on this machine, whose outside is stood in for."""
        return cls(folder, site_variables(outside), machine)

    def having(self, **changes: Any) -> Self:
        """The same with other variables; None takes one away."""
        variables = {name: value for name, value in {**self.variables, **changes}.items() if value is not None}
        return replace(self, variables=variables)

    def watching(self, watch: Callable[[str], None]) -> Self:
        """The same, somebody reading along."""
        return replace(self, watch=watch)

    def from_checkout(self, checkout: Path) -> Self:
        """The same with another checkout of the code."""
        return replace(self, checkout=checkout)

    def play(self, playbook: str, *arguments: str) -> Played:
        """Run a playbook. Raises PlayFailed."""
        played, code = self._run(playbook, *arguments)
        if code:
            raise PlayFailed(played.output)
        return played

    def fail(self, playbook: str, *arguments: str) -> str:
        """Run a playbook that must end badly; what it printed, on one line."""
        played, code = self._run(playbook, *arguments)
        assert code, f"It went well:\n{played.output}"
        return re.sub(r"\s+", " ", played.output)

    def _run(self, playbook: str, *arguments: str) -> tuple[Played, int]:
        self._write()
        command = [
            *(
                str(Path(sys.executable).parent / "ansible-playbook"),
                "--inventory",
                str(self.folder / "hosts.json"),
            ),
            *(f"{playbook}.yml", *arguments),
        ]
        environ = {**os.environ, "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"}
        lines = []
        with subprocess.Popen(
            command,
            cwd=self.checkout / "ansible",
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout
            for line in process.stdout:
                lines.append(line)
                self.watch(line)
        return Played("".join(lines)), process.returncode

    def _write(self) -> None:
        """The inventory. Its variables hold secrets, so that others may not read it."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        others = {"web", "mirror", "workers"} - {*self.layout}
        groups = {**self.layout, **dict.fromkeys(sorted(others), (self.machine,))}
        machines = {machine.name: machine for some in groups.values() for machine in some}
        inventory = {
            "all": {
                "hosts": {name: {**_host(one), **self.own.get(name, {})} for name, one in machines.items()},
                "vars": self.variables,
                "children": {
                    group: {"hosts": {machine.name: {} for machine in some}} for group, some in groups.items()
                },
            }
        }
        (self.folder / "hosts.json").write_text(json.dumps(inventory))


def _host(machine: Machine) -> dict[str, str]:
    return {
        "ansible_host": machine.address,
        "ansible_user": "root",
        "ansible_ssh_common_args": f"-F {machine.ssh_config}",
        "lastyear_address": machine.address,
    }


def site_variables(outside: Outside) -> dict[str, Any]:
    """What an operator fills in, for a site with an outside of our own."""
    return {
        "lastyear_domain": DOMAIN,
        "lastyear_contact": "operator@lastyear.test",
        "lastyear_tls": "internal",
        "lastyear_dashboard": "public",
        "lastyear_dashboard_password": PASSWORD,
        "lastyear_internal_token": TOKEN,
        "lastyear_lastfm_api_key": outside.lastfm_key,
        "lastyear_lastfm_api_url": outside.lastfm.api_url,
        "lastyear_lastfm_web_url": outside.lastfm.url,
        "lastyear_lastfm_requests_per_second": 10,
        "lastyear_cover_art_url": outside.covers.url,
        "lastyear_database_url": outside.neon.pooled_url,
        "lastyear_database_direct_url": outside.neon.direct_url,
        "lastyear_musicbrainz_dump_url": outside.metabrainz.dump_url,
        "lastyear_musicbrainz_packet_url": outside.metabrainz.packet_url,
        "lastyear_metabrainz_token": outside.metabrainz.token,
        "lastyear_mirror_disk_mb": 500,
    }


def changed_checkout(folder: Path, *changes: Callable[[Path], None]) -> Path:
    """A copy of the code with something changed in it."""
    for name in (*PARTS, "README.md", "LICENSE"):
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy2(source, folder / name)
    for change in changes:
        change(folder)
    return folder


def replaced(path: str, old: str, new: str) -> Callable[[Path], None]:
    """A change of one file of a checkout."""

    def change(folder: Path) -> None:
        file = folder / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))

    return change
