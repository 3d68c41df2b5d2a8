"""The `lastyear backup` and `lastyear restore` commands, and the folder in which dumps are kept."""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.events import new_run
from app.formatting import counted
from app.jobs.forget import forget_listeners
from app.redis import event_stream
from app.redis.client import connect_redis
from app.store import connect
from app.store.migrate import outstanding
from app.store.upkeep import backup, opt_outs
from app.store.upkeep.backup import BackupFailed, Contents
from worker.commands.command_settings import command_settings

_DUMP = re.compile(r"lastyear-\d{8}T\d{6}\.\d{6}Z\.dump")
_PARTIAL = ".partial"


@click.command("backup")
def backup_command() -> None:
    """Dump the app database into BACKUP_FOLDER, where the last BACKUP_KEEP dumps are kept.

    It needs PostgreSQL's own programs (postgresql-client), of the server's version or a newer one.
    """
    settings = command_settings("DATABASE_URL", "BACKUP_FOLDER")
    folder = Path(settings.backup_folder)
    with _alone(folder):
        path, found = _write_dump(settings.migrations_url, folder)
        _remove_old(folder, settings.backup_keep, path)
        kept = len(dumps(folder))
    size = path.stat().st_size / 1e6
    click.echo(
        f"{path}: {counted(sum(found.rows.values()), 'row')}, {size:.1f} MB. Kept: {counted(kept, 'dump')}."
    )


@click.command("restore")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--verify", is_flag=True, help="Only see whether it can be: restore into a database that is dropped again."
)
@click.option("--replace", is_flag=True, help="Delete what is in the database now.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def restore_command(file: Path | None, *, verify: bool, replace: bool, yes: bool) -> None:
    """Restore the app database from FILE, which `lastyear backup` has written; to verify, by default the newest.

    Stop the pages and the workers first. Nothing changes unless all of it can be restored. Whoever was forgotten
    for good since stays forgotten, and so does whoever was forgotten in the last day.
    """
    if verify:
        settings = command_settings("DATABASE_URL", *(() if file else ("BACKUP_FOLDER",)))
        file = file or _newest(Path(settings.backup_folder))
        with backup.scratch_database(settings.migrations_url) as scratch:
            _say_restored(file, _restored(scratch, file))
        return
    if file is None:
        raise click.UsageError("Name the FILE to restore, or --verify.")
    settings = command_settings("DATABASE_URL", "REDIS_URL")
    if replace and not yes:
        click.confirm("Delete what is in the database now, and restore the dump instead?", abort=True)
    redis = connect_redis(settings)
    redis.ping()  # while it is away, it would go on showing what is deleted here
    found = _restored(settings.migrations_url, file, replace=replace)
    with connect(settings.migrations_url) as connection:
        forgotten = opt_outs.voided_names(connection) if "forgotten_names" in found.rows else []
        forget_listeners(connection, redis, forgotten)
        is_behind = bool(outstanding(connection))
    event_stream.forget_everyone(redis, voiding=new_run())  # pages are drawn from the database again
    _say_restored(file, found)
    if forgotten:
        click.echo(f"Forgot {counted(len(forgotten), 'listener')} again.")
    if is_behind:
        click.echo("It is of an older version: `lastyear migrate` brings the tables up to date.")


def dumps(folder: Path) -> list[Path]:
    """Return the dumps that are whole, the oldest first."""
    return sorted(path for path in folder.glob("lastyear-*.dump") if _DUMP.fullmatch(path.name))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others from writing into the folder. What they have left unfinished is removed. Raises BackupFailed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in folder.glob(f".*{_PARTIAL}"):
                path.unlink()
            yield
    except BlockingIOError:
        raise BackupFailed("Another backup is running") from None
    except OSError as error:
        raise BackupFailed(f"BACKUP_FOLDER ({folder}): {error.strerror}") from None


def _write_dump(url: str, folder: Path) -> tuple[Path, Contents]:
    at = datetime.now(UTC)
    path = folder / f"lastyear-{at:%Y%m%dT%H%M%S.%fZ}.dump"
    partial = folder / f".{path.name}{_PARTIAL}"
    partial.touch(mode=0o600)
    try:
        found = backup.dump(url, partial)
        about = {"taken_at": at.isoformat(), "sha256": _digest(partial), "rows": found.rows}
        _replace(_about(path), json.dumps({**about, "migrations": found.migrations}, indent=2))
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        # Named as a dump only now that it is whole.
        partial.rename(path)
        _sync(folder)
    finally:
        partial.unlink(missing_ok=True)
    return path, found


def _replace(path: Path, text: str) -> None:
    partial = path.parent / f".{path.name}{_PARTIAL}"
    partial.touch(mode=0o600)
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def _remove_old(folder: Path, keep: int, newest: Path) -> None:
    """Remove all but the last ones. The one just made stays, even where the clock has been set back."""
    others = [path for path in dumps(folder) if path != newest]
    for path in others[: max(0, len(others) - (keep - 1))]:
        path.unlink()
    there = {_about(path) for path in dumps(folder)}
    for path in folder.glob("lastyear-*.dump.json"):
        if path not in there:
            path.unlink()


def _newest(folder: Path) -> Path:
    found = dumps(folder)
    if not found:
        raise BackupFailed(f"There is no dump in {folder}: `lastyear backup` makes one")
    return found[-1]


def _restored(url: str, path: Path, *, replace: bool = False) -> Contents:
    """Restore a dump, and compare what is there with what was counted when it was made. Raises BackupFailed."""
    about = _read_about(path)
    if about and about.get("sha256") != _digest(path):
        raise BackupFailed(f"{path} has changed since it was written: its checksum differs. Take an older one")
    found = backup.restore(url, path, replace=replace)
    if about and (unlike := Contents(about["rows"], about["migrations"]).differences(_without_kept(found, about))):
        raise BackupFailed(f"{path} is not what was dumped: {'; '.join(unlike)}")
    return found


def _without_kept(found: Contents, about: dict[str, Any]) -> Contents:
    """Count only those of the forgotten names that were dumped: those forgotten since have joined them."""
    name = "forgotten_names"
    if found.rows.get(name, 0) <= about["rows"].get(name, 0):
        return found
    return Contents({**found.rows, name: about["rows"].get(name, 0)}, found.migrations)


def _say_restored(path: Path, found: Contents) -> None:
    rows, tables = sum(found.rows.values()), counted(len(found.rows), "table")
    compared = "" if _about(path).exists() else "; nothing beside it says how many there should be"
    click.echo(f"{path}: restored {counted(rows, 'row')} in {tables}{compared}.")


def _read_about(path: Path) -> dict[str, Any]:
    with suppress(FileNotFoundError):
        try:
            return dict(json.loads(_about(path).read_text(encoding="utf-8")))
        except ValueError:
            raise BackupFailed(f"{_about(path)} cannot be read. Remove it to restore without comparing") from None
    return {}


def _about(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
