"""Check the mirror: whether it can be used, how far it is behind, and the disk space for its next import."""

from collections.abc import Iterator
from contextlib import suppress

from rich.filesize import decimal

from app.settings import Settings
from mirror.database import Connection, connect
from mirror.errors import MirrorAway, MirrorError, MirrorForbidden, MirrorOutdated
from mirror.importing.disk_space import DiskSpace, space_for_next_import
from mirror.importing.leftovers import find_leftovers
from mirror.importing.swap import is_locked
from mirror.replication.judgement import Remedy, judge
from mirror.replication.replicate import REPLICATION_LOCK, is_importing
from mirror.state import MirrorState, mirror_state
from mirror.tables import DEFAULT_PROFILE
from worker.doctor.finding import CheckContext, Finding, State, ill, unknown, warning, well
from worker.doctor.systemd import has_units, is_enabled, loaded_units

PART, DISK = "mirror", "disk"
PARTS = (PART, DISK)
NAME = "lastyear doctor"

REPLICATION_TIMER = "lastyear-mirror-replicate.timer"


def check_mirror(context: CheckContext) -> Iterator[Finding]:
    """Check the mirror, without asking MusicBrainz."""
    url = context.settings.mirror_url.get_secret_value()
    if not url:
        yield ill(PART, "not set", "set MIRROR_URL")
        yield unknown(DISK, "unknown without the mirror", "set MIRROR_URL")
        return
    try:
        with connect(url, application_name=NAME):
            primary = _primary(context.settings)
        with connect(primary, application_name=NAME) as connection:
            yield _mirror(connection, context.settings)
            yield from _disk(connection)
    except MirrorAway as error:
        reason = type(error.__cause__).__name__
        yield ill(PART, f"cannot be reached ({reason})", _restart())
        yield unknown(DISK, "unknown without the mirror", "fix the mirror first")


def _primary(settings: Settings) -> str:
    """Return the URL of the server that imports go to: MIRROR_URL may lead to replicas, which know of no locks.

    It is MIRROR_URL as well where whoever asks may not connect as the owner.
    """
    if owner := settings.mirror_owner_url.get_secret_value():
        with suppress(MirrorAway), connect(owner, application_name=NAME):
            return owner
    return settings.mirror_url.get_secret_value()


def _restart() -> str:
    """Name the unit that runs PostgreSQL; Debian's `postgresql.service` does not."""
    if units := loaded_units("postgresql@*"):
        return f"look at MIRROR_URL; `journalctl -u {units[0]} -n 50`, then `systemctl restart {units[0]}`"
    return "look at MIRROR_URL, and at its PostgreSQL"


def _mirror(connection: Connection, settings: Settings) -> Finding:
    try:
        state = mirror_state(connection)
    except MirrorAway:
        raise
    except MirrorOutdated as error:
        return _to_import(connection, str(error).partition(": ")[0])
    except MirrorError as error:
        seen, _, mend = str(error).partition(": ")
        return ill(PART, seen, mend)
    if state is None:
        return _to_import(connection, "Nothing has been imported into the mirror yet")
    return _judged(state, connection, settings)


def _judged(state: MirrorState, connection: Connection, settings: Settings) -> Finding:
    judged = judge(
        state,
        follows=bool(settings.metabrainz_token.get_secret_value()) or is_enabled(REPLICATION_TIMER),
        replicating=is_locked(connection, REPLICATION_LOCK),
    )
    if judged.remedy == Remedy.IMPORT:
        return _to_import(connection, judged.seen)
    replicate = "`systemctl start lastyear-mirror-replicate`" if has_units() else "`lastyear mirror replicate`"
    last_error = f". Its last error: {state.last_error}" if state.last_error else ""
    update = f"update LastYear.fm ({'`git pull && make deploy`' if has_units() else '`git pull`'})"
    mends = {
        Remedy.UPDATE: f"{update}, then {_import_command('always')}",
        Remedy.WAIT: "look again in an hour",
        Remedy.REPLICATE: f"{replicate}{last_error}",
    }
    return Finding(PART, State(judged.verdict), judged.seen, mends.get(judged.remedy, ""))


def _to_import(connection: Connection, seen: str) -> Finding:
    if is_importing(connection):
        watch = "`journalctl -fu 'lastyear-mirror-import@*'`" if has_units() else "its own output"
        running = "an import is running; release years will follow"
        return warning(PART, running, f"wait; {watch} shows its progress")
    return ill(PART, seen, _import_command("always"))


def _import_command(when: str) -> str:
    if has_units():
        return f"`systemctl start --no-block lastyear-mirror-import@{when}`"
    return "`lastyear mirror import`" if when == "always" else f"`lastyear mirror import --when {when}`"


def _disk(connection: Connection) -> Iterator[Finding]:
    if is_importing(connection):
        yield well(DISK, "an import is running and has checked the space itself")
        return
    for leftover in find_leftovers(connection):
        redo = "imports again" if leftover.is_interrupted else "drops it"
        yield warning(DISK, str(leftover), f"{_import_command('needed')} {redo}", about=leftover.schema)
    yield _space(connection)


def _space(connection: Connection) -> Finding:
    state = None
    with suppress(MirrorOutdated, MirrorForbidden):
        state = mirror_state(connection)
    if state:
        space = space_for_next_import(connection, state.profile, state.release_groups)
    else:
        space = space_for_next_import(connection, DEFAULT_PROFILE)
    needed = f"the next import needs {decimal(space.needed)}"
    if space.free is None:
        return well(DISK, "free space unknown, as its disk is not visible from here")
    seen = f"{decimal(space.free)} free, {needed}"
    if space.is_enough:
        return well(DISK, seen)
    return (warning if state else ill)(DISK, seen, _make_space(space))


def _make_space(space: DiskSpace) -> str:
    return f"make room: `du -xhd2 {space.folder} | sort -h | tail` shows what takes it up"
