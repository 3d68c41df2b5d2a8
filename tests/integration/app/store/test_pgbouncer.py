"""Behind a PgBouncer in transaction mode, as at Neon: all of it works, and what it cannot reach is away for us."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from app.store import Connection, Pool, StoreAway, connect
from demo.ports import free_port
from tests.conftest import database_folder, wait_until
from tests.integration.app.store.test_database import everything
from tests.processes import Running
from tests.wire import Wire, socket_of, through, wire

pytestmark = pytest.mark.skipif(not shutil.which("pgbouncer"), reason="needs pgbouncer")

CONFIG = """[databases]
* = host=127.0.0.1 port={behind} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
auth_type = trust
auth_file = {folder}/users
server_connect_timeout = 1
server_login_retry = 1
"""


@pytest.fixture
def line(database_url: str) -> Iterator[Wire]:
    """A wire from PgBouncer to the database."""
    with wire(socket_of(database_url)) as made:
        yield made


@pytest.fixture
def pooled_url(database_url: str, line: Wire) -> Iterator[str]:
    """The URL of the database by way of a PgBouncer."""
    port = free_port()
    with database_folder() as folder:
        (folder / "users").write_text('"postgres" ""\n')
        config = folder / "pgbouncer.ini"
        config.write_text(CONFIG.format(port=port, behind=line.port, folder=folder))
        owner = socket_of(database_url).stat()
        # It refuses to be root.
        user = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
        # One that dies is started again, as by systemd. Some do when many give up at once: "bad client state".
        keep_running = ["sh", "-c", 'while :; do pgbouncer "$0"; sleep 0.1; done', str(config)]
        command = [*(user if os.getuid() == 0 else []), *keep_running]
        process = Running(command, os.environ, folder / "log")
        url = through(database_url, port)
        try:
            wait_until(lambda: answers(lambda: connect(url)), otherwise=lambda: process.output)
            yield url
        finally:
            process.kill()


def answers(borrow: Callable[[], AbstractContextManager[Connection]]) -> bool:
    try:
        with borrow() as connection:
            return bool(connection.execute("SELECT 1").fetchone() == (1,))
    except StoreAway:
        return False


def test_all_that_we_do_works_behind_it(pooled_url: str, connection: Connection) -> None:
    with connect(pooled_url) as pooled:
        everything(pooled)
    assert connection.execute("SELECT FROM fetch_jobs").rowcount == 1


def test_a_database_that_is_lost_behind_it_is_away_and_comes_back(
    pooled_url: str, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BORROW_SECONDS", "CHECK_SECONDS", "SILENCE_SECONDS"):
        monkeypatch.setattr(f"app.store.pool.{name}", 1.0)
    pool = Pool(pooled_url)
    try:
        for disturb in (line.silence, line.cut):
            assert answers(pool.connection)
            disturb()
            assert not answers(pool.connection)
            assert not answers(lambda: connect(pooled_url, silence=0.5))
            line.mend()
            wait_until(lambda: answers(pool.connection))
    finally:
        pool.close()
