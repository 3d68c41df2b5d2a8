"""`make staging-branch` and `make staging-drop`: real playbooks against a stand-in of Neon's API."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.neon import BUSY, KEY, LIMIT, PASSWORD, PROJECT, Neon, neon
from tests.processes import BIN, ROOT

VAULT_PASSWORD = "correct horse"
PROOF = "sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt"


@dataclass
class Ran:
    """How a playbook ended."""

    status: int
    output: str

    @property
    def changed(self) -> int:
        """How many tasks have changed something, by the recap."""
        found = re.search(r"changed=(\d+)", self.output)
        assert found, self.output
        return int(found[1])


@dataclass
class Operator:
    """Somebody with a staging inventory, a vault password, and make."""

    neon: Neon
    inventory: Path
    environ: dict[str, str]

    @property
    def vault(self) -> Path:
        return self.inventory / "group_vars" / "all" / "vault_neon.yml"

    def make(self, target: str, typed: str = "", **extra: object) -> Ran:
        """Runs a target; the stand-in is asked without a rest."""
        given = {"neon_api": self.neon.url, "neon_pause": 0, "neon_tries": 4, **extra}
        arguments = " ".join(f"-e {name}={value}" for name, value in given.items())
        done = subprocess.run(
            ["make", target, f"STAGING={self.inventory}", f"ARGS={arguments} -vv"],
            cwd=ROOT,
            env=self.environ,
            input=f"{typed}\n",
            capture_output=True,
            text=True,
        )
        output = done.stdout + done.stderr
        for secret in (KEY, PASSWORD, VAULT_PASSWORD):
            assert secret not in output
        return Ran(done.returncode, output)

    def strings(self) -> dict[str, str]:
        """What stands in the vault."""
        shown = subprocess.run(
            [BIN / "ansible-vault", "view", self.vault],
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        found: dict[str, str] = yaml.safe_load(shown.stdout)
        return found


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    inventory = tmp_path / "staging"
    variables = inventory / "group_vars" / "all"
    variables.mkdir(parents=True)
    (inventory / "hosts.yml").write_text("all: {hosts: {staging.example.org: {}}}\n", encoding="utf-8")
    given = {"lastyear_neon_api_key": KEY, "lastyear_neon_project": PROJECT}
    (variables / "vault.yml").write_text(yaml.safe_dump(given), encoding="utf-8")
    password = tmp_path / "password"
    password.write_text(VAULT_PASSWORD, encoding="utf-8")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANG": "C",
        "ANSIBLE_VAULT_PASSWORD_FILE": str(password),
        "ANSIBLE_NOCOLOR": "1",
    }
    with neon() as stand_in:
        yield Operator(stand_in, inventory, environ)


@pytest.fixture
def branched(operator: Operator) -> Operator:
    """The same with a branch for staging, and a file where its strings are."""
    operator.neon.add_endpoint(operator.neon.add_branch("staging")["id"])
    operator.vault.write_text("lastyear_database_url: of some other day\n", encoding="utf-8")
    return operator


def named(stand_in: Neon, name: str = "staging") -> list[str]:
    return [identity for identity, branch in stand_in.branches.items() if branch["name"] == name]


def test_a_branch_is_made_once_and_its_strings_are_written_encrypted(operator: Operator) -> None:
    first = operator.make("staging-branch")
    assert first.status == 0, first.output
    assert operator.vault.read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert operator.vault.stat().st_mode & 0o077 == 0
    [branch] = named(operator.neon)
    [endpoint] = [one for one in operator.neon.endpoints.values() if one["branch_id"] == branch]
    host, more = endpoint["host"], f"neondb?channel_binding=require&{PROOF}"
    assert operator.strings() == {
        "lastyear_database_url": f"postgresql://neondb_owner:{PASSWORD}@{host.replace('.', '-pooler.', 1)}/{more}",
        "lastyear_database_direct_url": f"postgresql://neondb_owner:{PASSWORD}@{host}/{more}",
    }
    assert all(states == ["finished"] for states in operator.neon.operations.values()), "it was waited for"
    written = operator.vault.read_bytes()
    second = operator.make("staging-branch")
    assert (second.status, second.changed) == (0, 0), second.output
    assert operator.neon.writes() == ["POST"]
    assert operator.vault.read_bytes() == written


def test_the_branch_is_dropped_and_forgotten_and_that_is_fine_twice(branched: Operator) -> None:
    dropped = branched.make("staging-drop")
    assert dropped.status == 0, dropped.output
    assert named(branched.neon) == []
    assert not branched.vault.exists()
    again = branched.make("staging-drop")
    assert (again.status, again.changed) == (0, 0), again.output
    assert branched.neon.writes() == ["DELETE"]


def test_a_branch_of_a_longer_name_is_another(operator: Operator) -> None:
    other = operator.neon.add_branch("staging-2")
    assert operator.make("staging-branch").status == 0
    assert operator.make("staging-drop").status == 0
    assert list(operator.neon.branches) == [next(iter(operator.neon.branches)), other["id"]]


@pytest.mark.parametrize("kind", ["default", "primary", "protected"])
def test_a_default_or_protected_branch_is_never_deleted(operator: Operator, kind: str) -> None:
    operator.neon.add_branch("precious", **{kind: True})
    refused = operator.make("staging-drop", lastyear_neon_branch="precious")
    assert refused.status != 0
    assert "never deleted here" in refused.output
    assert operator.neon.writes() == []


def test_a_branch_without_a_compute_gets_one(operator: Operator) -> None:
    operator.neon.add_branch("staging")
    ran = operator.make("staging-branch")
    assert ran.status == 0, ran.output
    assert operator.neon.writes() == ["POST"]
    assert "-pooler" in operator.strings()["lastyear_database_url"]


def test_a_project_that_is_locked_for_a_while_is_waited_for(operator: Operator) -> None:
    operator.neon.faults += [("POST", BUSY), ("POST", BUSY), ("GET", (503, {})), ("GET", (429, {}))]
    ran = operator.make("staging-branch")
    assert ran.status == 0, ran.output
    assert len(named(operator.neon)) == 1


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ([("POST", LIMIT)], "branches limit exceeded. If a limit is reached, delete an unused branch"),
        ([("POST", BUSY)] * 9, "Neon is still at work on this project. Try again in some minutes."),
        ([("GET", (403, {"message": "not allowed"}))], "This key may not do that: not allowed."),
        ([("GET", (500, {}))] * 9, "Neon answers 500."),
    ],
)
def test_what_neon_refuses_is_a_sentence_that_says_what_to_do(
    operator: Operator, faults: list[tuple[str, tuple[int, dict[str, str]]]], words: str
) -> None:
    operator.neon.faults += faults
    ran = operator.make("staging-branch")
    assert ran.status != 0
    assert words in " ".join(ran.output.split())
    assert not operator.vault.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lastyear_neon_api_key": "wrong"}, "Neon does not accept lastyear_neon_api_key. Make a new one"),
        ({"lastyear_neon_project": "misty-rain-1"}, "Neon knows no project lastyear_neon_project"),
        ({"neon_api": "http://127.0.0.1:1/api/v2"}, "Neon's API cannot be reached"),
        ({"lastyear_neon_api_key": ""}, "lastyear_neon_api_key: missing. Make a key at console.neon.tech"),
        ({"lastyear_neon_project": ""}, "lastyear_neon_project: missing."),
    ],
)
def test_what_the_operator_has_wrong_is_said_with_its_mend(
    operator: Operator, change: dict[str, str], words: str
) -> None:
    ran = operator.make("staging-drop", **change)
    assert ran.status != 0
    assert words in " ".join(ran.output.split())


def test_of_several_databases_the_named_one_is_taken(operator: Operator) -> None:
    operator.neon.databases = ["neondb", "lastyear"]
    asked = operator.make("staging-branch")
    assert asked.status != 0
    assert "databases: neondb, lastyear. Set lastyear_neon_database" in " ".join(asked.output.split())
    ran = operator.make("staging-branch", lastyear_neon_database="lastyear")
    assert ran.status == 0, ran.output
    assert operator.strings()["lastyear_database_url"].startswith("postgresql://lastyear_owner:")
    assert operator.neon.writes() == ["POST"], "the first run's branch was found"


def test_an_operation_that_fails_is_told(operator: Operator) -> None:
    operator.neon.ends_in = "failed"
    ran = operator.make("staging-branch")
    assert ran.status != 0
    assert "Neon has not finished (failed)" in " ".join(ran.output.split())


def test_the_vault_password_may_be_typed(branched: Operator) -> None:
    file = branched.environ.pop("ANSIBLE_VAULT_PASSWORD_FILE")
    ran = branched.make("staging-branch", typed=VAULT_PASSWORD)
    assert ran.status == 0, ran.output
    branched.environ["ANSIBLE_VAULT_PASSWORD_FILE"] = file
    assert set(branched.strings()) == {"lastyear_database_url", "lastyear_database_direct_url"}


def test_without_a_vault_password_nothing_is_made(operator: Operator) -> None:
    del operator.environ["ANSIBLE_VAULT_PASSWORD_FILE"]
    options = ["-i", str(operator.inventory), "-e", f"neon_api={operator.neon.url}"]
    done = subprocess.run(
        [BIN / "ansible-playbook", *options, "staging-branch.yml"],
        cwd=ROOT / "ansible",
        env={**operator.environ, "LC_ALL": "C.UTF-8", "ANSIBLE_CONFIG": str(ROOT / "ansible" / "ansible.cfg")},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "Run make staging-branch, which asks for the vault's" in " ".join(done.stdout.split())
    assert operator.neon.calls == []
