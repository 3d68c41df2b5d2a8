"""The mirror: is it there, by our rules, of which profile, how far behind; and the disk for its next import."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rich.filesize import decimal

from app.settings import Settings
from app.spans import span
from app.store.replication import LATE
from mirror.database import Connection, connect
from mirror.errors import MirrorAway, MirrorEmpty, MirrorError
from mirror.index import check_rules
from mirror.load import PROFILE
from mirror.replicate import ONE_AT_A_TIME, is_importing
from mirror.room import Room, next_room
from mirror.state import State, mirror_state
from mirror.swap import is_locked
from worker.doctor.finding import Finding, Visit, ill, warning, well
from worker.doctor.machine import has_units

PART, DISK = "mirror", "disk"
PARTS = (PART, DISK)

TOO_LATE = timedelta(hours=36)


def check(visit: Visit) -> Iterator[Finding]:
    """Asks the mirror alone, nobody outside."""
    url = visit.settings.mirror_url.get_secret_value()
    if not url:
        yield ill(PART, "not set", "set MIRROR_URL")
        yield warning(DISK, "not to be seen without the mirror", "set MIRROR_URL")
        return
    try:
        with connect(url, application_name="lastyear doctor") as connection:
            yield _mirror(connection, visit.settings)
            yield _disk(connection)
    except MirrorAway as error:
        reason = type(error.__cause__).__name__
        yield ill(
            PART, f"cannot be reached ({reason})", "look at MIRROR_URL, and at `systemctl status postgresql`"
        )
        yield warning(DISK, "not to be seen without the mirror", "mend the mirror first")


def _mirror(connection: Connection, settings: Settings) -> Finding:
    try:
        check_rules(connection)
        state = mirror_state(connection)
    except MirrorEmpty as error:
        if is_importing(connection):
            watch = "`journalctl -fu 'lastyear-mirror-import@*'`" if has_units() else "its own output"
            return warning(
                PART, "its import is at work, years are on their way", f"wait; {watch} tells how far it is"
            )
        return _to_import(error)
    except MirrorAway:
        raise
    except MirrorError as error:
        seen, _, mend = str(error).partition(": ")
        return ill(PART, seen, mend)
    if state is None:  # swapped away between two questions
        return _to_import(MirrorEmpty())
    return _lag(state, connection, settings)


def _to_import(error: MirrorEmpty) -> Finding:
    seen = str(error).partition(": ")[0]
    by_systemd = "`systemctl start --no-block lastyear-mirror-import@always`"
    return ill(PART, seen, by_systemd if has_units() else "`lastyear mirror import`")


def _lag(state: State, connection: Connection, settings: Settings) -> Finding:
    """How old the mirror is, where it is meant to follow MusicBrainz; who only imports decides when."""
    follows = state.replication_sequence is not None and (
        state.packets > 0 or bool(settings.metabrainz_token.get_secret_value())
    )
    if not follows:
        return well(PART, f"{state.profile}, export {state.export_stamp}, not replicated")
    age = datetime.now(UTC) - (state.replicated_to or state.imported_at)
    what = "last packet" if state.replicated_to else "no packet yet, imported"
    seen = f"{state.profile}, {what} {span(age)} ago"
    if is_locked(connection, ONE_AT_A_TIME):
        seen = f"{seen}, packets are being applied"
        return warning(PART, seen, "look again in an hour") if age > TOO_LATE else well(PART, seen)
    replicate = "`systemctl start lastyear-mirror-replicate`" if has_units() else "`lastyear mirror replicate`"
    mend = f"{replicate}. It said last: {state.last_error}" if state.last_error else replicate
    if age > TOO_LATE:
        return ill(PART, seen, mend)
    return warning(PART, seen, mend) if age > LATE or state.last_error else well(PART, seen)


def _disk(connection: Connection) -> Finding:
    if is_importing(connection):
        return well(DISK, "an import is at work and has looked for itself")
    state = mirror_state(connection)
    room = next_room(connection, state.profile, state.release_groups) if state else next_room(connection, PROFILE)
    needed = f"the next import needs {decimal(room.needed)}"
    if room.free is None:
        return well(DISK, "what is free at the database is not seen from here")
    seen = f"{decimal(room.free)} free, {needed}"
    if room.enough:
        return well(DISK, seen)
    return (warning if state else ill)(DISK, seen, _make(room))


def _make(room: Room) -> str:
    return f"make room: `du -xhd2 {room.folder} | sort -h | tail` tells what takes it"
