"""An app database as Neon offers it: a pooled and a direct address, both by TLS and with a password.

The embedded PostgreSQL has no TLS; a PgBouncer before it has, one in transaction mode and one in session mode.
"""

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from socket import create_connection
from urllib.parse import urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from demo import services
from demo.ports import free_port
from tests.conftest import wait_until
from tests.processes import Running
from tests.provision.cable import run

USER = DATABASE = "lastyear"
CONFIG = """[databases]
{database} = host={socket} dbname={database} user={user}

[pgbouncer]
listen_addr = {host},127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = {mode}
auth_type = scram-sha-256
auth_file = {folder}/users
client_tls_sslmode = require
client_tls_key_file = {folder}/server.key
client_tls_cert_file = {folder}/server.crt
max_client_conn = 500
default_pool_size = 20
ignore_startup_parameters = extra_float_digits
"""


@dataclass(frozen=True)
class Neon:
    """The database, seen from the machine and, with all rights, from the host."""

    host: str
    pooled_port: int
    direct_port: int
    password: str
    authority: Path
    """The certificate of whom to trust."""
    admin: str
    """A URL of the database's superuser, past the poolers; on the host only."""
    poolers: tuple[int, ...]
    """The processes of the poolers."""
    user: str = USER

    @property
    def pooled_url(self) -> str:
        """What Neon calls the pooled connection string."""
        return self.url(self.pooled_port)

    @property
    def direct_url(self) -> str:
        """What it calls the direct one."""
        return self.url(self.direct_port)

    def url(self, port: int, **options: str) -> str:
        """The database by TLS; `options` are libpq's."""
        query = urlencode({"sslmode": "require", **options})
        return f"postgresql://{self.user}:{self.password}@{self.host}:{port}/{DATABASE}?{query}"

    def with_another_user(self, user: str, password: str) -> "Neon":
        """The same for another user with the same rights, who is let in beside this one."""
        another = replace(self, user=user, password=password)
        self._let_in(self, another)
        return another

    def end_other_users(self) -> None:
        """From now on only this user is let in."""
        self._let_in(self)

    def _let_in(self, *users: "Neon") -> None:
        names = self.authority.with_name("users")
        names.write_text("".join(f'"{one.user}" "{one.password}"\n' for one in users))
        for pid in self.poolers:
            os.kill(pid, signal.SIGHUP)  # reads them again


@contextmanager
def neon(folder: Path, host: str) -> Iterator[Neon]:
    """The database and its poolers at this address of the host, ended with the `with` block."""
    password, pooler = secrets.token_urlsafe(24), folder / "pooler"
    with ExitStack() as stack:
        admin = stack.enter_context(services.postgres(folder / "postgres"))
        _database(admin, password)
        pooler.mkdir()
        _certificates(pooler, host)
        (pooler / "users").write_text(f'"{USER}" "{password}"\n')
        socket = str(conninfo_to_dict(admin)["host"])
        modes = ("transaction", "session")
        poolers = [stack.enter_context(_pgbouncer(pooler, host, socket, mode)) for mode in modes]
        own = services.database_url(admin, DATABASE, "postgres")
        (pooled, one), (direct, other) = poolers
        yield Neon(host, pooled, direct, password, pooler / "ca.crt", own, (one, other))


def _database(admin: str, password: str) -> None:
    """An owner who is no superuser, as at Neon."""
    with psycopg.connect(admin, autocommit=True) as connection:
        user = sql.Identifier(USER)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(user, sql.Literal(password)))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), user))


def _certificates(folder: Path, host: str) -> None:
    """An authority made for this run, and what it vouches for."""
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made = {
        "ca": ["-subj", "/CN=Stand-in authority", "-addext", "keyUsage=critical,keyCertSign"],
        "server": [
            *("-subj", f"/CN={host}", "-addext", f"subjectAltName=IP:{host},IP:127.0.0.1"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key")),
        ],
    }
    for name, options in made.items():
        files = ["-days", "2", "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")]
        run(*new, *options, *files)


@contextmanager
def _pgbouncer(folder: Path, host: str, socket: str, mode: str) -> Iterator[tuple[int, int]]:
    """The port and the process of a PgBouncer.

    It is run by the user of PostgreSQL: root it refuses to be, others miss the socket.
    """
    port, config = free_port(), folder / f"{mode}.ini"
    values = {"database": DATABASE, "user": USER, "socket": socket, "folder": folder}
    config.write_text(CONFIG.format(host=host, port=port, mode=mode, **values))
    owner = Path(socket).stat()
    for path in folder.iterdir():
        os.chown(path, owner.st_uid, owner.st_gid)
    as_user = ["setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"]
    process = Running([*as_user, "pgbouncer", str(config)], os.environ, folder / f"{mode}.log")
    try:
        wait_until(lambda: _listens(host, port) or process.ended, otherwise=lambda: process.output)
        assert not process.ended, process.output
        yield port, process.pid
    finally:
        process.kill()


def _listens(host: str, port: int) -> bool:
    try:
        create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
