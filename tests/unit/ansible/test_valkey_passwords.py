"""While Valkey's passwords are changed, it takes those of the new secret and those of the old one."""

import hashlib
import importlib.util
from pathlib import Path

import jinja2
import yaml

ANSIBLE = Path(__file__).parents[3] / "ansible"
ROLE = ANSIBLE / "roles/valkey"
NEW, OLD = "a" * 64, "b" * 64

spec = importlib.util.spec_from_file_location("valkey", ANSIBLE / "filter_plugins/valkey.py")
assert spec
assert spec.loader
valkey = importlib.util.module_from_spec(spec)
spec.loader.exec_module(valkey)


def digest(text: str, kind: str = "sha256") -> str:
    return hashlib.new(kind, text.encode()).hexdigest()


def users(secrets: list[str]) -> dict[str, list[str]]:
    """User -> the hashes of their passwords, as Valkey is told."""
    environment = jinja2.Environment(trim_blocks=True, autoescape=False)  # noqa: S701  no HTML
    environment.filters.update(hash=digest, valkey_password=valkey.valkey_password)
    template = environment.from_string((ROLE / "templates/valkey.conf.j2").read_text(encoding="utf-8"))
    given = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))["valkey_users"]
    text = template.render(valkey_secrets=secrets, valkey_users=given, valkey_is_reached_from=[])
    lines = [line.split() for line in text.splitlines() if line.startswith("user ")]
    return {line[1]: [word[1:] for word in line if word.startswith("#")] for line in lines if line[2] == "on"}


def test_each_user_has_a_password_for_each_secret() -> None:
    expected = {
        user: [digest(valkey.valkey_password(user, secret)) for secret in (NEW, OLD)]
        for user in ("web", "worker", "operator")
    }
    assert users([NEW, OLD]) == expected
    assert users([NEW]) == {user: hashes[:1] for user, hashes in expected.items()}


def test_services_are_given_the_first() -> None:
    role = yaml.safe_load((ANSIBLE / "roles/lastyear/vars/main.yml").read_text(encoding="utf-8"))
    assert all("valkey_password(valkey_secrets[0])" in url for url in role["redis_urls"].values())
