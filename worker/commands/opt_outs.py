"""The `lastyear opt-outs` commands: take the names that were forgotten for good to another database."""

import csv
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import click
from redis import Redis

from app.formatting import counted
from app.jobs.forget import forget_listener
from app.redis.client import connect_redis
from app.store import Connection, connect, forgetting
from app.store.upkeep import opt_outs
from app.store.upkeep.opt_outs import OptOuts
from app.usernames import USERNAME
from worker.commands.command_settings import command_settings

HEADER = ["kind", "value"]
KEY, HASH, NAME = "key", "hash", "name"
_HEX = re.compile(r"[0-9a-f]{64}")


class Junk(click.ClickException):
    """A line says nothing that is understood. Nothing was imported."""


@dataclass(frozen=True)
class Listed:
    """What a file of opt-outs lists."""

    hashed: OptOuts | None
    names: tuple[str, ...]


@click.group("opt-outs", context_settings={"help_option_names": ["-h", "--help"]})
def opt_outs_commands() -> None:
    """Take the names that were forgotten for good to another database, or list such names."""


@opt_outs_commands.command("export")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
def export_command(*, as_json: bool) -> None:
    """Print the names that were forgotten for good: their hashes, and the key that makes them, as CSV.

    Whoever has the key can find out whether a name is among them: keep the file as you keep the database.
    """
    settings = command_settings("DATABASE_URL")
    with connect(settings.database_url.get_secret_value()) as connection:
        found = opt_outs.read(connection)
    hashes = [one.hex() for one in found.hashes]
    if as_json:
        click.echo(json.dumps({KEY: found.key.hex(), "hashes": hashes}, indent=2))
        return
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerows([HEADER, [KEY, found.key.hex()], *([HASH, one] for one in hashes)])


@opt_outs_commands.command("import")
@click.argument("file", type=click.File(encoding="utf-8", errors="replace"), default="-")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
def import_command(file: Iterable[str], *, as_json: bool) -> None:
    """Keep out whoever FILE lists: what `export` printed, or names at Last.fm, one a line.

    Without FILE, the standard input is read. What is stored about these listeners is deleted. May run twice. A
    line that is not understood is named, and then nothing is imported.
    """
    listed = parse(file)
    settings = command_settings("DATABASE_URL", "REDIS_URL")
    redis = connect_redis(settings)
    with connect(settings.database_url.get_secret_value()) as connection:
        added, deleted = _keep_out(connection, redis, listed)
    if as_json:
        click.echo(json.dumps({"added": added, "deleted": deleted}))
    else:
        click.echo(f"Added: {counted(added, 'name')}.")
        if deleted:
            click.echo(f"Deleted what was stored about {counted(deleted, 'listener')}.")


def parse(lines: Iterable[str]) -> Listed:
    """Read what `export` prints, or names, one a line. Raises Junk, with the number of the line."""
    key, hashes, names = b"", [], []
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in line.strip().removeprefix("\ufeff").split(",")]
        kind, value = (NAME, cells[0]) if len(cells) == 1 else (cells[0], cells[1])
        if cells in ([""], HEADER):
            continue
        if len(cells) == 2 and kind in (KEY, HASH) and _HEX.fullmatch(value):
            if kind == HASH:
                hashes.append(bytes.fromhex(value))
            elif key in (b"", bytes.fromhex(value)):
                key = bytes.fromhex(value)
            else:
                raise Junk(f"Line {number} is a second key. Import one export after the other")
        elif len(cells) <= 2 and kind == NAME and re.fullmatch(USERNAME, value):
            names.append(value)
        else:
            raise Junk(f"Line {number} is neither a name at Last.fm nor from `lastyear opt-outs export`")
    if hashes and not key:
        raise Junk("There are hashes, but the line with their key is missing")
    return Listed(OptOuts(key, tuple(dict.fromkeys(hashes))) if key else None, tuple(dict.fromkeys(names)))


def _keep_out(connection: Connection, redis: Redis, listed: Listed) -> tuple[int, int]:
    """Return how many names are kept out that were not, and about how many listeners something was deleted."""
    added = deleted = 0
    if listed.hashed:
        with connection.transaction():
            added += opt_outs.add(connection, listed.hashed)
        for name in opt_outs.stored_names(connection):
            deleted += forget_listener(connection, redis, name, for_good=True)
    for name in listed.names:
        added += not forgetting.is_barred(connection, name)
        deleted += forget_listener(connection, redis, name, for_good=True)
    return added, deleted
