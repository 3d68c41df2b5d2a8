"""Valkey and the mirror's servers elsewhere: what the inventory names is what the services get."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, StrictUndefined

ROLE = Path(__file__).parents[3] / "ansible/roles/lastyear/vars/main.yml"
OWN = {"lastyear_redis_url": "", "lastyear_mirror_url": ""}
ELSEWHERE = {
    "lastyear_redis_url": "rediss://valkey.music.test/0",
    "lastyear_mirror_url": "postgresql://one,two/mirror",
}


def urls(**variables: Any) -> list[str]:
    """The URLs of the pages, the workers, the dashboard and the mirror, as Ansible reckons them."""
    jinja = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701  it is no HTML
    jinja.filters["valkey_password"] = lambda user, secret: f"{secret}-of-{user}"
    texts = yaml.safe_load(ROLE.read_text(encoding="utf-8"))
    machine = {"inventory_hostname": "web1", "valkey_machine": "web1", "mirror_machine": "web1"}
    given = {**machine, "valkey_secrets": ["secret"], **variables}
    given["redis_url"] = jinja.from_string(texts["redis_url"]).render(given)
    wanted = [*texts["redis_urls"].values(), texts["mirror_url"]]
    return [jinja.from_string(text).render(given).strip() for text in wanted]


def test_without_any_the_machines_own_are_used() -> None:
    assert urls(**OWN) == [
        *(f"unix://{user}:secret-of-{user}@/run/valkey/valkey.sock" for user in ("web", "worker", "operator")),
        "postgresql://mirror_reader@/musicbrainz?host=/run/postgresql",
    ]


@pytest.mark.parametrize("secret", [{"valkey_secrets": ["secret"]}, {"valkey_secrets": []}])
def test_what_is_named_is_used_by_all(secret: dict[str, Any]) -> None:
    redis, mirror = ELSEWHERE.values()
    assert urls(**ELSEWHERE, **secret) == [redis, redis, redis, mirror]
