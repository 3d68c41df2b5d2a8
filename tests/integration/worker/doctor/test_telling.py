"""The doctor's timer: what it tells in the journal and at the operator's webhook, and what it leaves asleep."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from redis import Redis
from rq.serializers import JSONSerializer

from app.jobs.queues import QUEUES, queue
from app.settings import BadSettings, Settings
from app.store import connect
from tests.integration.conftest import KEY
from tests.processes import environment
from worker.cli import main
from worker.doctor.memory import FILE, read_memory, write_memory
from worker.doctor.telling import FORGOTTEN, take_turn
from worker.pool import FetchWorker

NO_WORKER = "workers: none is running → `lastyear work`"


class Operator(ThreadingHTTPServer):
    """Whoever gets the messages."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Inbox)
        self.messages: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook?token=hush-hush-token"


class Inbox(BaseHTTPRequestHandler):
    server: Operator

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status == 200:
            self.server.messages.append(body)
        self.send_response(self.server.status)
        self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def operator() -> Iterator[Operator]:
    with Operator() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


Turn = Callable[..., list[str]]


@pytest.fixture
def turn(settings: Settings, operator: Operator, tmp_path: Path) -> Turn:
    """Takes a turn of the timer, and gives what it says in the journal."""

    def take(**changes: object) -> list[str]:
        update = {"operator_webhook_url": SecretStr(operator.url), **changes}
        return list(take_turn(lambda: settings.model_copy(update=update), tmp_path))

    return take


def born(redis: Redis) -> FetchWorker:
    worker = FetchWorker([queue(redis, name) for name in QUEUES], connection=redis, serializer=JSONSerializer)
    worker.register_birth()
    return worker


def test_the_operator_is_told_once_that_no_worker_is_alive_and_once_that_one_is(
    turn: Turn, operator: Operator, redis: Redis
) -> None:
    assert [turn(), turn(), turn()] == [[], [f"<3>{NO_WORKER}"], []]
    [message] = operator.messages
    assert message["text"] == f"LastYear.fm on {message['host']}:\n{NO_WORKER}"
    [finding] = message["appeared"]
    assert (finding["part"], finding["state"], message["gone"]) == ("workers", "ill", [])
    born(redis)
    assert [turn(), turn(), turn()] == [[], ["<5>workers: well again"], []]
    assert operator.messages[1]["gone"] == [{"part": "workers", "about": "", "unknown": False}]
    assert len(operator.messages) == 2


def test_what_a_webhook_does_not_take_is_posted_again_and_not_repeated_in_the_journal(
    turn: Turn, operator: Operator
) -> None:
    operator.status = 302
    assert [turn(), len(turn()), turn()] == [[], 2, []]
    assert operator.messages == []
    operator.status = 200
    turn()
    turn()
    assert [message["appeared"][0]["part"] for message in operator.messages] == ["workers"]


def test_a_webhook_that_fails_is_told_without_its_address(turn: Turn, operator: Operator) -> None:
    operator.status = 500
    turn()
    _, complaint = turn()
    assert complaint == "<3>OPERATOR_WEBHOOK_URL takes no message (status 500); it is tried at every turn."
    away = SecretStr("http://127.0.0.1:1/hush-hush")
    assert turn(operator_webhook_url=away) == []


def test_without_a_webhook_the_journal_has_it(turn: Turn, tmp_path: Path) -> None:
    nowhere = SecretStr("")
    assert [turn(operator_webhook_url=nowhere), turn(operator_webhook_url=nowhere)] == [[], [f"<3>{NO_WORKER}"]]
    assert read_memory(tmp_path).unsent == ()


def test_a_damaged_memory_is_told_and_replaced(turn: Turn, operator: Operator, tmp_path: Path) -> None:
    turn()
    turn()
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    assert turn() == [f"<4>{FORGOTTEN}"]
    assert turn() == [f"<3>{NO_WORKER}"]
    assert [FORGOTTEN in message["text"] for message in operator.messages] == [False, True, False]


def test_settings_that_cannot_be_read_are_told_in_the_journal(tmp_path: Path) -> None:
    def read() -> Settings:
        raise BadSettings("PORT: should be a number\nREDIS_URL: should be a URL")

    assert list(take_turn(read, tmp_path)) == []
    assert list(take_turn(read, tmp_path)) == [
        "<3>settings: PORT: should be a number → correct it, see .env.example",
        "<3>settings: REDIS_URL: should be a URL → correct it, see .env.example",
    ]


def test_no_secret_is_posted(turn: Turn, operator: Operator) -> None:
    secret = SecretStr("postgresql://me:hush-password@127.0.0.1:1/x")
    away: dict[str, object] = {"mirror_url": secret, "database_url": secret}
    said = [*turn(**away), *turn(**away)]
    told = json.dumps([operator.messages, said])
    assert "mirror" in told
    for hush in ("hush-password", "hush-hush-token", KEY):
        assert hush not in told


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The connections to the app database that the doctor has opened."""
    opened: list[str] = []

    def noted(url: str, name: str) -> Any:
        opened.append(name)
        return connect(url, name)

    monkeypatch.setattr("worker.doctor.store.connect", noted)
    return opened


def test_an_idle_installation_is_looked_at_without_waking_its_database(
    turn: Turn, asked: list[str], redis: Redis, tmp_path: Path
) -> None:
    born(redis)
    for _ in range(4):
        assert turn() == []
    assert len(asked) == 1, "at the first turn only"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    write_memory(tmp_path, read_memory(tmp_path).model_copy(update={"database_asked_at": yesterday}))
    for _ in range(3):
        turn()
    assert len(asked) == 2, "once a day"


def test_a_database_in_trouble_is_looked_at_until_it_is_well(turn: Turn, asked: list[str], redis: Redis) -> None:
    born(redis)
    nowhere = SecretStr("postgresql://me@127.0.0.1:1/x")
    said = [turn(database_url=nowhere) for _ in range(3)]
    assert [len(lines) > 0 for lines in said] == [False, True, False]
    assert "<3>app database: " in said[1][0]
    assert [turn(), "<5>app database: well again" in turn(), turn()] == [[], True, []]
    assert len(asked) == 5


def test_while_a_worker_is_busy_the_database_is_awake_and_looked_at(
    turn: Turn, asked: list[str], redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    born(redis)
    turn()
    monkeypatch.setattr("worker.doctor.telling.is_busy", lambda _settings: True)
    turn()
    turn()
    assert len(asked) == 3


def test_the_command_of_the_timer_ends_well_whatever_it_finds(settings: Settings, tmp_path: Path) -> None:
    environ = {name: value for name, value in environment(settings).items() if name.isupper()}
    results = [CliRunner().invoke(main, ["doctor", "--tell", str(tmp_path)], env=environ) for _ in range(2)]
    assert [result.exit_code for result in results] == [0, 0]
    assert [result.stderr for result in results] == ["", f"<3>{NO_WORKER}\n"]
