"""Check the mirror: whether it can be used, how far it is behind, and the disk space for its next import."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rich.filesize import decimal

from app.durations import format_duration
from app.settings import Settings
from mirror.database import Connection, connect
from mirror.derived.name_index import usable_state
from mirror.errors import MirrorAway, MirrorEmpty, MirrorError
from mirror.importing.disk_space import DiskSpace, space_for_next_import
from mirror.importing.swap import is_locked
from mirror.replication.replicate import REPLICATION_LOCK, is_importing
from mirror.state import MAX_LAG, MirrorState, mirror_state
from mirror.tables import DEFAULT_PROFILE
from worker.doctor.finding import CheckContext, Finding, ill, warning, well
from worker.doctor.machine import has_units

PART, DISK = "mirror", "disk"
PARTS = (PART, DISK)

TOO_FAR_BEHIND = timedelta(hours=36)


def check_mirror(context: CheckContext) -> Iterator[Finding]:
    """Check the mirror, without asking MusicBrainz."""
    url = context.settings.mirror_url.get_secret_value()
    if not url:
        yield ill(PART, "not set", "set MIRROR_URL")
        yield warning(DISK, "unknown without the mirror", "set MIRROR_URL")
        return
    try:
        with connect(url, application_name="lastyear doctor") as connection:
            yield _mirror(connection, context.settings)
            yield _disk(connection)
    except MirrorAway as error:
        reason = type(error.__cause__).__name__
        yield ill(
            PART, f"cannot be reached ({reason})", "look at MIRROR_URL, and at `systemctl status postgresql`"
        )
        yield warning(DISK, "unknown without the mirror", "fix the mirror first")


def _mirror(connection: Connection, settings: Settings) -> Finding:
    try:
        state = usable_state(connection)
    except MirrorEmpty as error:
        if is_importing(connection):
            watch = "`journalctl -fu 'lastyear-mirror-import@*'`" if has_units() else "its own output"
            return warning(
                PART, "an import is running; release years will follow", f"wait; {watch} shows its progress"
            )
        return _to_import(error)
    except MirrorAway:
        raise
    except MirrorError as error:
        seen, _, mend = str(error).partition(": ")
        return ill(PART, seen, mend)
    return _lag(state, connection, settings)


def _to_import(error: MirrorEmpty) -> Finding:
    seen = str(error).partition(": ")[0]
    by_systemd = "`systemctl start --no-block lastyear-mirror-import@always`"
    return ill(PART, seen, by_systemd if has_units() else "`lastyear mirror import`")


def _lag(state: MirrorState, connection: Connection, settings: Settings) -> Finding:
    """Judge the age of a mirror that is replicated; without replication, the operator decides when to import."""
    follows = state.replication_sequence is not None and (
        state.packets > 0 or bool(settings.metabrainz_token.get_secret_value())
    )
    if not follows:
        return well(PART, f"{state.profile}, export {state.export_stamp}, not replicated")
    age = datetime.now(UTC) - (state.replicated_to or state.imported_at)
    what = "last packet" if state.replicated_to else "no packet yet, imported"
    seen = f"{state.profile}, {what} {format_duration(age)} ago"
    if is_locked(connection, REPLICATION_LOCK):
        seen = f"{seen}, packets are being applied"
        return warning(PART, seen, "look again in an hour") if age > TOO_FAR_BEHIND else well(PART, seen)
    replicate = "`systemctl start lastyear-mirror-replicate`" if has_units() else "`lastyear mirror replicate`"
    mend = f"{replicate}. Its last error: {state.last_error}" if state.last_error else replicate
    if age > TOO_FAR_BEHIND:
        return ill(PART, seen, mend)
    return warning(PART, seen, mend) if age > MAX_LAG or state.last_error else well(PART, seen)


def _disk(connection: Connection) -> Finding:
    if is_importing(connection):
        return well(DISK, "an import is running and has checked the space itself")
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
