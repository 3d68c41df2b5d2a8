"""What the play lets each service do in Valkey is enough for what the site does, and for nothing that harms it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from app.settings import Settings
from app.store import Connection, fetch_jobs
from app.web import create_app
from app.web.operator import create_app as create_operators_pages
from demo import services
from tests.conftest import database_folder, wait_until
from tests.integration.app.web.operator.conftest import credentials
from tests.processes import environment, running
from worker.doctor import examine

ROLE = Path(__file__).parents[3] / "ansible/roles/valkey/vars/main.yml"
USERS: dict[str, list[str]] = yaml.safe_load(ROLE.read_text(encoding="utf-8"))["valkey_users"]
HARM = (
    *(
        "FLUSHALL",
        "FLUSHDB",
        "SWAPDB 0 1",
        "KEYS *",
        "SHUTDOWN",
        "DEBUG SLEEP 0",
        "MONITOR",
        "SAVE",
        "BGREWRITEAOF",
    ),
    *("CONFIG GET *", "CONFIG SET dir /tmp", "MODULE LIST", "REPLICAOF 127.0.0.1 1", "MIGRATE h 1 k 0 1", "SYNC"),
    *(
        "ACL LIST",
        "ACL SETUSER web +@all",
        "CLIENT LIST",
        "CLIENT KILL TYPE normal",
        "SCRIPT FLUSH",
        "FUNCTION LIST",
    ),
)


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The URL of a Valkey with these users, for the one who has set them up."""
    with database_folder() as folder, services.valkey(folder) as url, Redis.from_url(url) as root:
        for user, rules in USERS.items():
            root.execute_command("ACL", "SETUSER", user, "on", f">{user}-password", *rules)
        root.execute_command("ACL", "SETUSER", "root", "on", ">root-password", "~*", "&*", "+@all")
        root.execute_command("ACL", "SETUSER", "default", "off")
        yield as_user(url, "root")
        with Redis.from_url(as_user(url, "root")) as again:
            again.execute_command("ACL", "SETUSER", "default", "on")


def as_user(url: str, user: str) -> str:
    return f"redis://{user}:{user}-password@127.0.0.1:{urlsplit(url).port}/0"


@pytest.fixture
def settings_of(settings: Settings, guarded: str) -> Callable[[str], Settings]:
    """The settings that a service runs with: its own name at Valkey."""
    return lambda user: settings.model_copy(update={"redis_url": SecretStr(as_user(guarded, user))})


@pytest.mark.parametrize("user", USERS)
def test_no_service_may_do_harm(guarded: str, user: str) -> None:
    with Redis.from_url(guarded) as root:
        for command in ("GET key", "EVAL script 0"):
            assert would(root, user, command) == "OK"
        for command in HARM:
            assert "no permissions" in would(root, user, command), command
    with Redis.from_url(as_user(guarded, user)) as redis, pytest.raises(NoPermissionError):
        redis.flushall()


def would(root: Redis, user: str, command: str) -> str:
    """What Valkey would say to a user's command."""
    said = root.execute_command("ACL", "DRYRUN", user, *command.split())
    return said.decode() if isinstance(said, bytes) else str(said)


def test_nobody_comes_in_without_a_name(guarded: str) -> None:
    url = f"redis://127.0.0.1:{urlsplit(guarded).port}/0"
    with Redis.from_url(url) as redis, pytest.raises(AuthenticationError):
        redis.ping()


def test_what_the_site_does_is_refused_nowhere(
    guarded: str,
    settings_of: Callable[[str], Settings],
    connection: Connection,
    tmp_path: Path,
) -> None:
    web, operator = create_app(settings_of("web")), create_operators_pages(settings_of("operator"))
    with Redis.from_url(guarded) as root:
        root.acl_log_reset()
        with running(tmp_path / "log", environment(settings_of("worker")), "lastyear", "work") as process:
            visitor = web.test_client()
            visit(visitor)
            wait_until(lambda: state(connection) == "completed", otherwise=lambda: process.output)
            assert (
                visitor.post("/user/LightLuca/2024/refresh", headers={"Origin": "http://localhost"}).status_code
                < 400
            )
            wait_until(lambda: state(connection) == "completed", otherwise=lambda: process.output)
            visit(visitor)
            for path in ("/operator/", "/operator/queues/", "/operator/queues/0/data/queues.json"):
                operator.test_client().get(path, headers=credentials())
            found = {one.part: one for one in examine(settings_of("operator"))}
        refused = [(one["username"], one["object"]) for one in root.acl_log()]
    assert refused == []
    assert found["redis"].seen == "answers"


def visit(visitor: FlaskClient) -> None:
    for path in (
        "/",
        "/user/LightLuca",
        "/user/LightLuca/2024",
        "/user/LightLuca/2024.json",
        "/metrics",
        "/readyz",
    ):
        visitor.get(path)


def state(connection: Connection) -> str:
    row = fetch_jobs.find(connection, "LightLuca", 2024)
    connection.rollback()
    return row.status if row else ""
