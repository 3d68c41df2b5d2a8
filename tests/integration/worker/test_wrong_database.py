"""A wrong URL of the app database: `lastyear migrate` says which variable, what is wrong and what to do."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import conninfo_to_dict

from app.settings import Settings
from demo import services
from tests.conftest import PATIENCE
from tests.processes import environment
from tests.tls import Authority, front
from worker.cli import main

SECRET = "hush%2Fhush"


def name_of(url: str) -> str:
    """The database that the URL leads to."""
    return str(conninfo_to_dict(url)["dbname"])


def migrated(settings: Settings, **changes: str) -> Result:
    return CliRunner().invoke(main, ["migrate"], env={**environment(settings), **changes})


@pytest.fixture
def socket_path(postgres: str) -> Path:
    """Where the server really listens."""
    return Path(str(conninfo_to_dict(postgres)["host"])) / ".s.PGSQL.5432"


@pytest.fixture
def guarded(postgres: str, empty_database: str) -> Iterator[str]:
    """The URL of a database whose user has a password, `hush/hush`."""
    folder = Path(str(conninfo_to_dict(postgres)["host"]))
    access = folder / "pg_hba.conf"
    before = access.read_text(encoding="utf-8")
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'hush/hush'")
        access.write_text(f"local all guarded scram-sha-256\n{before}", encoding="utf-8")
        admin.execute("SELECT pg_reload_conf()")
        yield services.database_url(postgres, name_of(empty_database), f"guarded:{SECRET}")
        access.write_text(before, encoding="utf-8")
        admin.execute("SELECT pg_reload_conf()")
        with psycopg.connect(empty_database) as there:
            there.execute("DROP OWNED BY guarded CASCADE")
        admin.execute("DROP ROLE guarded")


@contextmanager
def refusing(words: str) -> Iterator[str]:
    """The URL of a server that refuses every connection with these words, as Neon's proxy does."""
    fields = b"SFATAL\0C08006\0M" + words.encode() + b"\0\0"

    def refuse(listener: socket.socket) -> None:
        with listener.accept()[0] as client:
            client.recv(4096)
            client.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse, args=[listener], daemon=True)
        thread.start()
        yield f"postgresql://me:{SECRET}@127.0.0.1:{listener.getsockname()[1]}/neondb?sslmode=disable"
        thread.join(PATIENCE)


def told(settings: Settings, **changes: str) -> str:
    """What `lastyear migrate` says when it fails."""
    result = migrated(settings, **changes)
    assert result.exit_code == 1, result.output
    assert "hush" not in result.output
    assert "Traceback" not in result.output
    assert result.output.count(". ") <= 1, "a sentence or two"
    assert len(result.output) < 350
    return result.output


def test_a_wrong_password(settings: Settings, guarded: str) -> None:
    assert migrated(settings, DATABASE_URL=guarded).exit_code == 0
    output = told(settings, DATABASE_URL=guarded.replace(SECRET, SECRET + "x"))
    assert "Error: DATABASE_URL: The app database cannot be reached: the user name or password is wrong" in output
    assert "copy the connection string" in output


def test_no_password(settings: Settings, guarded: str) -> None:
    assert "user name or password is wrong" in told(settings, DATABASE_URL=guarded.replace(f":{SECRET}", ""))


def test_the_variable_at_fault_is_the_one_for_migrations_if_there_is_one(settings: Settings, guarded: str) -> None:
    output = told(settings, DATABASE_URL=guarded, DATABASE_DIRECT_URL=guarded.replace(SECRET, "hush"))
    assert "Error: DATABASE_DIRECT_URL: " in output


def test_a_wrong_database(settings: Settings, guarded: str) -> None:
    wrong = guarded.replace(name_of(guarded), "neondbb")
    assert "there is no database of that name" in told(settings, DATABASE_URL=wrong)


def test_a_user_who_may_not_create_tables(settings: Settings, postgres: str, empty_database: str) -> None:
    guest = services.database_url(postgres, name_of(empty_database), "guest")
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("CREATE ROLE guest LOGIN")
        output = told(settings, DATABASE_URL=guest)
        admin.execute("DROP ROLE guest")
    assert "make it the owner (ALTER DATABASE" in output


def test_a_database_that_has_not_every_listeners_letters(settings: Settings, postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("CREATE DATABASE ascii TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C'")
        output = told(settings, DATABASE_URL=services.database_url(postgres, "ascii", "postgres"))
        admin.execute("DROP DATABASE ascii")
    assert "is encoded in SQL_ASCII" in output


def test_a_wrong_user(settings: Settings, guarded: str) -> None:
    assert "user name or password" in told(settings, DATABASE_URL=guarded.replace("guarded", "nobody_at_all"))


def test_a_wrong_host(settings: Settings) -> None:
    url = f"postgresql://me:{SECRET}@ep-nowhere.invalid/neondb?sslmode=require"
    assert "there is no such host" in told(settings, DATABASE_URL=url)


def test_a_wrong_port(settings: Settings) -> None:
    assert "no server listens there" in told(settings, DATABASE_URL=f"postgresql://me:{SECRET}@127.0.0.1:1/neondb")


def test_a_server_that_says_nothing(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"postgresql://me:{SECRET}@127.0.0.1:{deaf.getsockname()[1]}/x?connect_timeout=2"
        assert "does not answer in time" in told(settings, DATABASE_URL=url)


@pytest.mark.parametrize(
    ("password", "words"),
    [("hush@hush", "no such host"), ("hush/hush", "no such host"), ("hush%zz", "cannot be read")],
)
def test_a_password_that_is_not_encoded(settings: Settings, password: str, words: str) -> None:
    output = told(settings, DATABASE_URL=f"postgresql://me:{password}@nowhere.invalid/neondb")
    assert words in output
    assert "Special characters in a password must be encoded" in output


def test_tls_where_there_is_none(settings: Settings, socket_path: Path) -> None:
    with refusing_tls() as port:
        url = f"postgresql://me:{SECRET}@127.0.0.1:{port}/neondb?sslmode=require"
        assert "does not support TLS" in told(settings, DATABASE_URL=url)


def test_tls_that_nobody_vouches_for(
    settings: Settings, socket_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "other").mkdir()
    ours, other = Authority(tmp_path), Authority(tmp_path / "other")
    with front(ours, socket_path, asked_first=True) as server:
        url = f"postgresql://postgres:{SECRET}@localhost:{server.port}/nowhere?sslmode=verify-full"
        assert "add &sslrootcert=/etc/ssl/certs/ca-certificates.crt" in told(settings, DATABASE_URL=url)
        wrong = f"{url}&sslrootcert={other.file}"
        assert "no trusted authority" in told(settings, DATABASE_URL=wrong)
        right = f"{url}&sslrootcert={ours.file}"
        assert "no database of that name" in told(settings, DATABASE_URL=right)
        address = right.replace("localhost", "127.0.0.1")
        assert "is for another host" in told(settings, DATABASE_URL=address)


@pytest.mark.parametrize(
    ("neon_says", "words"),
    [
        (
            "connection is insecure (try using `sslmode=require`)",
            "the server requires TLS: add sslmode=verify-full",
        ),
        ("The requested endpoint could not be found, or you don't have access to it.", "Neon has no such host"),
        ("Endpoint ID is not specified. Either please upgrade", "Neon has no such host"),
        ("password authentication failed for user 'neondb_owner'", "user name or password is wrong"),
        ('database "neondbb" does not exist', "no database of that name"),
        ("unsupported startup parameter: statement_timeout", "the pooler refuses an option"),
        ("Your account or project has exceeded the compute time quota.", "its quota is used up"),
        ("sorry, too many clients already", "use the pooled string"),
        ('no pg_hba.conf entry for host "::1", user "me", database "x", SSL encryption', "has no line for this"),
        ('no pg_hba.conf entry for host "::1", user "me", database "x", no encryption', "requires TLS"),
        ("something new", "Check the database server itself"),
    ],
)
def test_what_neon_answers(settings: Settings, neon_says: str, words: str) -> None:
    with refusing(neon_says) as url:
        assert words in told(settings, DATABASE_URL=url)


POOLED = f"postgresql://me:{SECRET}@ep-cool-moon-123456-pooler.eu-central-1.aws.neon.tech/neondb"
DIRECT = POOLED.replace("-pooler", "")


def test_the_two_neon_strings_mixed_up(settings: Settings) -> None:
    mixed = {"DATABASE_URL": f"{DIRECT}?sslmode=require", "DATABASE_DIRECT_URL": f"{POOLED}?sslmode=require"}
    assert "DATABASE_DIRECT_URL: this is Neon's pooled string" in told(settings, **mixed)


@pytest.mark.parametrize("query", ["", "?sslmode=prefer", "?sslmode=disable", "?channel_binding=require"])
def test_a_neon_string_without_sslmode_is_refused_before_anything_is_sent(settings: Settings, query: str) -> None:
    output = told(settings, DATABASE_URL=f"{POOLED}{query}")
    assert "DATABASE_URL: nothing verifies that the server is Neon" in output
    assert "sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt" in output


@contextmanager
def refusing_tls() -> Iterator[int]:
    """The port of a PostgreSQL server that speaks no TLS."""

    def refuse(listener: socket.socket) -> None:
        with listener.accept()[0] as client:
            client.recv(8)
            client.sendall(b"N")
            client.recv(8)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse, args=[listener], daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(PATIENCE)
