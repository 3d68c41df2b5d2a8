"""`make run`: starts every part that the environment does not name, and the site on top of them."""

import fcntl
import hashlib
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import requests
from honcho.manager import Manager
from redis import Redis
from rich.console import Console

from app.progress import MirrorNote, note_mirror
from app.settings import WORKER_NEEDS, BadSettings, Settings, read
from app.store import connect
from app.store.migrate import migrate
from demo import parts
from demo.lastfm import DEFAULT_PORT as LASTFM_PORT
from demo.musicbrainz import STAMP, write_export
from mirror.database import connect as connect_mirror
from mirror.errors import MirrorOutdated
from mirror.load import import_export
from mirror.state import State, mirror_state
from worker.command import read_env_file

ROOT = Path(__file__).parent.parent
LOCAL = ROOT / ".local"
BIN = Path(sys.executable).parent

console = Console(highlight=False)


class CannotStart(Exception):
    """Something here keeps the site from starting; the message says what to do."""


def main() -> None:
    """Runs the site until Ctrl-C."""
    LOCAL.mkdir(exist_ok=True)
    try:
        with _only_one(), ExitStack() as stack:
            environ = _complete(stack, _given())
            settings = read(environ, WORKER_NEEDS)
            _must_be_free(settings.port)
            _prepare(settings, environ)
            code = _supervise(environ, settings)
    except (CannotStart, BadSettings) as error:
        console.print(f"[bold red]Cannot start.[/] {error}")
        code = 1
    sys.exit(code)


def _given() -> dict[str, str]:
    env_file = ROOT / ".env"
    return {**(read_env_file(env_file) if env_file.exists() else {}), **os.environ}


@contextmanager
def _only_one() -> Iterator[None]:
    with (LOCAL / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart("It runs already in this checkout. Stop it there with Ctrl-C first.") from None
        yield


def _complete(stack: ExitStack, given: dict[str, str]) -> dict[str, str]:
    """The environment with an address for every part; those it does not name are started."""
    _must_be_free(int(given.get("PORT") or 8000))
    made: dict[str, str] = {}
    if not (given.get("DATABASE_URL") and given.get("MIRROR_URL")):
        console.print("Starting PostgreSQL ...")
        admin = stack.enter_context(parts.postgres(LOCAL / "postgres"))
        made["DATABASE_URL"] = parts.database(admin, "lastyear")
        made["MIRROR_URL"], made["MIRROR_OWNER_URL"] = parts.mirror_databases(admin)
    if not given.get("REDIS_URL"):
        console.print("Starting Valkey ...")
        made["REDIS_URL"] = stack.enter_context(parts.valkey(LOCAL / "valkey"))
    if not given.get("LASTFM_API_KEY") and not given.get("LASTFM_API_URL"):
        port = _free_port(LASTFM_PORT)
        made |= {
            "LASTFM_API_KEY": "demo-key-of-nobody",
            "LASTFM_API_URL": f"http://127.0.0.1:{port}/2.0/",
            "LASTFM_WEB_URL": f"http://127.0.0.1:{port}",
            "CONTACT": "demo",
        }
    made["INTERNAL_TOKEN"] = parts.token(LOCAL / "internal-token")
    made["OPERATOR_PASSWORD"] = parts.token(LOCAL / "operator-password")
    _leave_for_the_command(made)
    return {"PYTHONUNBUFFERED": "1", **made, **{name: value for name, value in given.items() if value}}


def _leave_for_the_command(made: dict[str, str]) -> None:
    path = LOCAL / "environment"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in made.items()), encoding="utf-8")


def _prepare(settings: Settings, environ: dict[str, str]) -> None:
    with connect(settings.migrations_url, "lastyear-migrate") as connection:
        for name in migrate(connection):
            console.print(f"Applied {name}")
    state = _fill_mirror(settings)
    note = MirrorNote(release_groups=state.release_groups, stamp=state.export_stamp) if state else None
    with Redis.from_url(settings.redis_url.get_secret_value()) as redis:
        note_mirror(redis, note)
    if note and note.small and "LASTFM_API_KEY" in _given():
        console.print(
            f"[yellow]The mirror knows only {note.release_groups} albums yet, so that most plays stay unplaced."
            " All of MusicBrainz is fetched by[/] .venv/bin/lastyear mirror import"
        )


def _fill_mirror(settings: Settings) -> State | None:
    """Loads the demo's MusicBrainz unless something else is there, or the same."""
    state = None
    with connect_mirror(settings.mirror_url.get_secret_value()) as connection, suppress(MirrorOutdated):
        state = mirror_state(connection)
    owner, known = settings.mirror_owner_url.get_secret_value(), LOCAL / "catalogue"
    stale = state is None or (state.export_stamp == STAMP and _read(known) != _digest())
    if not stale or not owner:
        return state
    console.print("Loading the demo's MusicBrainz ...")
    write_export(LOCAL / "fullexport")
    import_export(owner, str(LOCAL / "fullexport"), reader=settings.mirror_reader, report=lambda _: None)
    known.write_text(_digest(), encoding="ascii")
    with connect_mirror(settings.mirror_url.get_secret_value()) as connection:
        return mirror_state(connection)


def _digest() -> str:
    """Changes with the demo's albums and with how a mirror keeps them."""
    sources = [
        *(ROOT / "demo").glob("catalogue.*"),
        ROOT / "demo" / "archive.py",
        ROOT / "demo" / "musicbrainz.py",
        *(ROOT / "mirror").rglob("*.sql"),
    ]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sorted(sources))).hexdigest()


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii") if path.exists() else ""


def _supervise(environ: dict[str, str], settings: Settings) -> int:
    manager = Manager()
    stand_in = settings.lastfm_web_url.startswith("http://127.0.0.1")
    commands = {
        "web": f"{BIN}/gunicorn --config python:app.server 'app.web:create_app()'",
        "worker": f"{BIN}/lastyear work --workers 2",
        "lookups": f"{BIN}/lastyear work --workers 1 --queue lookups",
    }
    if stand_in:
        port = settings.lastfm_web_url.rpartition(":")[2]
        commands["lastfm"] = f"{BIN}/python -m demo.lastfm --port {port} --latency 0.3"
    for name, command in commands.items():
        manager.add_process(name, f"exec {command}", env=environ, cwd=str(ROOT))
    board = _free_port(min(settings.port + 1, 65535))
    operator = f"exec {BIN}/gunicorn --config python:app.server 'app.web.operator:create_app()'"
    manager.add_process("operator", operator, env={**environ, "PORT": str(board)}, cwd=str(ROOT))
    threading.Thread(target=_welcome, args=(settings, stand_in, board), daemon=True).start()
    manager.loop()
    return 0 if manager.returncode in (0, 130) else int(manager.returncode or 1)


def _welcome(settings: Settings, stand_in: bool, board: int) -> None:
    address = f"http://127.0.0.1:{settings.port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            requests.get(f"{address}/healthz", timeout=1)
            break
        except requests.RequestException:
            time.sleep(0.1)
    console.print(f"\n  [bold]LastYear.fm is at [cyan]{address}[/][/]")
    if stand_in:
        console.print(f"  Try {address}/user/HeavyHelen/2024")
        console.print("  or LightLuca, GrowingGus, SingleSam, EmptyEve, HiddenHana: listeners of the demo's own.")
        console.print("  With LASTFM_API_KEY set (see .env.example) it is the real Last.fm.")
    password = settings.operator_password.get_secret_value()
    console.print(f"  The operator's page is at http://127.0.0.1:{board}/operator/")
    console.print(f"  User operator, password {password}")
    console.print("  Ctrl-C stops everything.\n")


def _must_be_free(port: int) -> None:
    if not _is_free(port):
        raise CannotStart(
            f"Port {port} is taken. Stop what listens there, or name another port: make run PORT={port + 1}"
        )


def _free_port(wanted: int) -> int:
    if _is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


if __name__ == "__main__":
    main()
