"""`make run`: start every service that no setting names, then the site, and stop them in the opposite order."""

import fcntl
import hashlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import requests
from rich.console import Console

from app.redis.client import connect_redis
from app.redis.mirror_note import MirrorNote, write_mirror_note
from app.settings import SWITCHED_OFF_BY_NOTHING, WORKER_NEEDS, BadSettings, Settings, read_settings
from app.store import StoreAway, connect
from app.store.migrate import MigrationChanged, migrate
from demo import services
from demo.cover_art.stand_in import CoverArtStandIn
from demo.lastfm.stand_in import DEFAULT_PORT as LASTFM_PORT
from demo.lastfm.stand_in import LastfmStandIn
from demo.musicbrainz.export import EXPORT_STAMP, write_demo_export
from demo.ports import free_port, is_free
from demo.processes import Processes
from mirror.database import connect as connect_mirror
from mirror.errors import MirrorError, MirrorOutdated
from mirror.importing.load import import_export
from mirror.state import MirrorState, mirror_state
from worker.cli import read_env_file

ROOT = Path(__file__).parent.parent
LOCAL = ROOT / ".local"
BIN = Path(sys.executable).parent
LASTFM_LATENCY = 0.3  # seconds, about what the real Last.fm takes
COVER_LATENCY = 0.3
QUIET = {"PYTHONUNBUFFERED": "1", "GUNICORN_CMD_ARGS": "--log-level warning"}

console = Console(highlight=False, soft_wrap=True)


class CannotStart(Exception):
    """The site cannot start. The message says what to do."""


def main() -> None:
    """Run the site until Ctrl-C or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        LOCAL.mkdir(exist_ok=True)
        with _only_one(), ExitStack() as stack:
            code = _run(stack)
    except (CannotStart, services.Unreachable, BadSettings, MigrationChanged, StoreAway, MirrorError) as error:
        console.print(f"[bold red]Cannot start.[/] {error}")
        code = 1
    except KeyboardInterrupt:
        code = 0
    sys.exit(code)


def _interrupt(*_: object) -> None:
    # Ignore further signals while everything stops: one sent to the process group comes again from make.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run(stack: ExitStack) -> int:
    variables = _given_variables()
    given = read_settings(variables, ())
    _must_be_free(given.port)
    started = _start_missing(stack, given)
    named = {name: value for name, value in variables.items() if value or name in SWITCHED_OFF_BY_NOTHING}
    environ = {**QUIET, **started, **named}
    settings = read_settings(environ, WORKER_NEEDS)
    services.check_reachable(settings)
    _prepare(settings, has_own_key=bool(given.lastfm_api_key))
    return _supervise(environ, settings, has_stand_in="LASTFM_API_URL" in started)


def _given_variables() -> dict[str, str]:
    env_file = ROOT / ".env"
    return {**(read_env_file(env_file) if env_file.exists() else {}), **os.environ}


@contextmanager
def _only_one() -> Iterator[None]:
    with (LOCAL / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart("The site already runs in this checkout. Stop it with Ctrl-C first.") from None
        yield


def _start_missing(stack: ExitStack, given: Settings) -> dict[str, str]:
    """Start every service that the settings do not name; return the settings that lead to those started."""
    started: dict[str, str] = {}
    has_mirror = given.mirror_url or given.mirror_owner_url
    if not (given.database_url and has_mirror):
        console.print("Starting PostgreSQL ...")
        admin = stack.enter_context(services.postgres(LOCAL / "postgres"))
        if not given.database_url:
            started["DATABASE_URL"] = services.create_database(admin, "lastyear")
        if not has_mirror:
            started["MIRROR_URL"], started["MIRROR_OWNER_URL"] = services.create_mirror_database(admin)
    if not given.redis_url:
        console.print("Starting Valkey ...")
        started["REDIS_URL"] = stack.enter_context(services.valkey(LOCAL / "valkey"))
    if not given.lastfm_api_key and "lastfm_api_url" not in given.model_fields_set:
        lastfm = stack.enter_context(LastfmStandIn(port=free_port(LASTFM_PORT), latency=LASTFM_LATENCY))
        started |= {
            "LASTFM_API_KEY": "demo-key",
            "LASTFM_API_URL": lastfm.api_url,
            "LASTFM_WEB_URL": lastfm.url,
            "CONTACT": "demo",
        }
        if "cover_art_url" not in given.model_fields_set:
            started["COVER_ART_URL"] = stack.enter_context(CoverArtStandIn(latency=COVER_LATENCY)).url
    if not given.covers_folder:
        started["COVERS_FOLDER"] = str(LOCAL / "covers")
    started["INTERNAL_TOKEN"] = services.stored_token(LOCAL / "internal-token")
    started["OPERATOR_PASSWORD"] = services.stored_token(LOCAL / "operator-password")
    _write_environment(started)
    return started


def _write_environment(started: dict[str, str]) -> None:
    """Let the `lastyear` command of this checkout find what was started."""
    path = LOCAL / "environment"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in started.items()), encoding="utf-8")


def _prepare(settings: Settings, *, has_own_key: bool) -> None:
    with connect(settings.migrations_url, "lastyear-migrate", silence=None) as connection:
        for name in migrate(connection):
            console.print(f"Applied migration {name}")
    state = _fill_mirror(settings)
    note = MirrorNote(release_groups=state.release_groups) if state else None
    with connect_redis(settings) as redis:
        write_mirror_note(redis, note)
    if note and note.is_small and has_own_key:
        console.print(
            f"[yellow]The mirror has only {note.release_groups} albums, so most plays will have no release year."
            " Import all of MusicBrainz with[/] .venv/bin/lastyear mirror import"
        )


def _fill_mirror(settings: Settings) -> MirrorState | None:
    """Import the demo's albums into a mirror that is empty or has an older version of them."""
    state = None
    with connect_mirror(settings.mirror_url.get_secret_value()) as connection, suppress(MirrorOutdated):
        state = mirror_state(connection)
    owner, known = settings.mirror_owner_url.get_secret_value(), LOCAL / "catalogue"
    stale = state is None or (state.export_stamp == EXPORT_STAMP and _read(known) != _digest())
    if not stale or not owner:
        return state
    console.print("Importing the demo's albums ...")
    write_demo_export(LOCAL / "fullexport")
    import_export(owner, str(LOCAL / "fullexport"), reader=settings.mirror_reader, report=lambda _: None)
    known.write_text(_digest(), encoding="ascii")
    with connect_mirror(settings.mirror_url.get_secret_value()) as connection:
        return mirror_state(connection)


def _digest() -> str:
    """Return a digest that changes with the demo's albums and with the mirror's tables."""
    sources = [
        *(ROOT / "demo" / "musicbrainz").glob("*.py"),
        *(ROOT / "demo" / "musicbrainz").glob("*.csv"),
        ROOT / "mirror" / "tables.py",
        ROOT / "mirror" / "release_types.py",
        *(ROOT / "mirror").rglob("*.sql"),
    ]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sorted(sources))).hexdigest()


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii") if path.exists() else ""


def _supervise(environ: dict[str, str], settings: Settings, *, has_stand_in: bool) -> int:
    """Run the site's processes until one of them ends; return the exit code of `make run`."""
    operator_port = free_port(min(settings.port + 1, 65535))
    gunicorn = (f"{BIN}/gunicorn", "--config", "python:app.server")
    lastyear = f"{BIN}/lastyear"
    with Processes(console, ROOT) as processes:
        processes.start("web", environ, *gunicorn, "app.web:create_app()")
        processes.start("worker", environ, lastyear, "work", "--workers", "2")
        processes.start("lookups", environ, lastyear, "work", "--workers", "1", "--queue", "lookups")
        operator = {**environ, "PORT": str(operator_port)}
        processes.start("operator", operator, *gunicorn, "app.web.operator:create_app()")
        address = f"http://127.0.0.1:{settings.port}"
        while not processes.ended() and not _answers(address):
            time.sleep(0.1)
        if not processes.ended():
            _welcome(address, settings, operator_port, has_stand_in=has_stand_in)
        name, code = processes.wait()
        console.print(f"{name} ended with exit code {code}.")
        return code if code >= 0 else 1


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=1).ok
    except requests.RequestException:
        return False


def _welcome(address: str, settings: Settings, operator_port: int, *, has_stand_in: bool) -> None:
    console.print(f"\n  [bold]LastYear.fm is at [cyan]{address}[/][/]")
    if has_stand_in:
        console.print(f"  Try {address}/user/HeavyHelen/2024")
        console.print(
            "  Other invented listeners: LightLuca, GrowingGus, SingleSam, EmptyEve, HiddenHana, GappyGreta,"
            " SpellingSia, SummerSuri, TurningTina"
        )
        console.print("  Set LASTFM_API_KEY and CONTACT to use the real Last.fm (see .env.example).")
    password = settings.operator_password.get_secret_value()
    console.print(f"  The operator's pages are at http://127.0.0.1:{operator_port}/operator/")
    console.print(f"  (user operator, password {password})")
    console.print("  Ctrl-C stops everything.\n")


def _must_be_free(port: int) -> None:
    if not is_free(port):
        raise CannotStart(
            f"Port {port} is taken. Stop what listens there, or choose another port: make run PORT={port + 1}"
        )


if __name__ == "__main__":
    main()
