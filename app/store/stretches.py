"""Stretches: pieces of a listener's time with their plays, each read, proven and replaced as a whole.

A stretch goes from its first second up to its end, which is not part of it. Times are UNIX seconds.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.errors import CheckViolation
from psycopg.rows import class_row

from app.events import Gap
from app.store.database import Connection
from app.store.plays.scrobbles import Scrobble


class AlbumGone(Exception):
    """An album of these scrobbles was removed after it was looked up, since nobody needed it. Look it up again."""


@dataclass(frozen=True)
class StoredStretch:
    """A row of `stretches`, without its plays."""

    start: int
    end: int
    plays: int
    proven_at: datetime | None
    """When it was proven; None where it is to be proven again."""
    missing: int | None
    """Plays that Last.fm counts and does not hand over; None where it does not even count them."""
    duplicates: int
    undated: int
    unreadable: int

    @property
    def shown(self) -> int:
        """How many plays Last.fm shows there."""
        return self.plays + self.duplicates + self.undated + self.unreadable

    @property
    def total(self) -> int:
        """How many plays Last.fm counts there, as far as it says."""
        return self.shown + (self.missing or 0)


@dataclass(frozen=True)
class Proof:
    """What is known of a time: where Last.fm does not hand over all plays, and what it listed besides plays."""

    gaps: tuple[Gap, ...]
    """In order; neighbouring ones are one."""
    duplicates: int
    undated: int
    unreadable: int
    read_at: float | None
    """When the part that was proven longest ago was proven."""


def stored(connection: Connection, user: int, start: int, end: int) -> list[StoredStretch]:
    """Return the stretches that have a part between `start` and `end`, in order."""
    with connection.cursor(row_factory=class_row(StoredStretch)) as cursor:
        cursor.execute(
            """
            SELECT EXTRACT(epoch FROM starts)::bigint AS start,
                   EXTRACT(epoch FROM ends)::bigint AS "end",
                   cardinality(seconds) AS plays,
                   proven_at,
                   missing,
                   duplicates,
                   undated,
                   unreadable
            FROM stretches
            WHERE user_id = %s AND starts < %s AND ends > %s
            ORDER BY starts
            """,
            [user, _moment(end), _moment(start)],
        )
        return cursor.fetchall()


@contextmanager
def storing(connection: Connection) -> Iterator[None]:
    """Open a transaction that stores a stretch. Raises AlbumGone."""
    try:
        with connection.transaction():
            yield
    except CheckViolation as error:
        if error.diag.constraint_name == "every_play_has_a_track":
            raise AlbumGone from None
        raise


def put(
    connection: Connection,
    user: int,
    start: int,
    end: int,
    scrobbles: Sequence[Scrobble],
    *,
    proven_at: datetime | None,
    missing: int | None = 0,
    duplicates: int = 0,
    undated: int = 0,
    unreadable: int = 0,
    keep: bool = False,
) -> None:
    """Store a stretch: it replaces what is stored from `start` up to `end`, within one year, by these scrobbles.

    A stored stretch that reaches beyond keeps its plays there, and is to be proven again. With `keep`, stored
    plays that are not among the scrobbles stay too. The scrobbles' albums must be stored already. Doing it twice
    changes nothing.

    Sends two statements and reads no answer, so that it can be part of a pipeline. The caller holds a lock on the
    job of the listener's year, so that there is one writer.
    """
    _save_tracks(connection, scrobbles)
    connection.execute(
        """
        WITH gone AS (
            DELETE FROM stretches
            WHERE user_id = %(user)s AND starts < %(end)s AND ends > %(start)s
            RETURNING starts, ends, seconds, tracks
        ), pieces AS (
            SELECT starts, %(start)s::timestamptz AS ends, NULL::timestamptz AS proven_at,
                   0 AS missing, 0 AS duplicates, 0 AS undated, 0 AS unreadable
            FROM gone
            WHERE starts < %(start)s
            UNION ALL
            SELECT %(end)s, ends, NULL, 0, 0, 0, 0
            FROM gone
            WHERE ends > %(end)s
            UNION ALL
            SELECT %(start)s, %(end)s, %(proven_at)s, %(missing)s, %(duplicates)s, %(undated)s, %(unreadable)s
        ), plays AS (
            SELECT %(start)s AS starts,
                   %(start)s + make_interval(secs => given.second) AS moment,
                   tracks.id AS track
            FROM unnest(%(seconds)s::integer[], %(keys)s::bigint[]) AS given (second, key)
            LEFT JOIN tracks ON tracks.key = given.key
            UNION
            SELECT CASE WHEN moment < %(start)s THEN gone.starts
                        WHEN moment < %(end)s THEN %(start)s
                        ELSE %(end)s END,
                   moment,
                   play.track
            FROM gone
            CROSS JOIN LATERAL unnest(gone.seconds, gone.tracks) AS play (second, track)
            CROSS JOIN LATERAL (SELECT gone.starts + make_interval(secs => play.second) AS moment) AS began
            WHERE %(keep)s OR moment < %(start)s OR moment >= %(end)s
        )
        INSERT INTO stretches
            (user_id, starts, ends, proven_at, missing, duplicates, undated, unreadable, seconds, tracks)
        SELECT %(user)s, starts, ends, proven_at, missing, duplicates, undated, unreadable, seconds, tracks
        FROM pieces
        CROSS JOIN LATERAL (
            SELECT coalesce(
                       array_agg(EXTRACT(epoch FROM moment - pieces.starts)::integer ORDER BY moment, track), '{}'
                   ) AS seconds,
                   coalesce(array_agg(track ORDER BY moment, track), '{}') AS tracks
            FROM plays
            WHERE plays.starts = pieces.starts
        ) AS played
        """,
        {
            "user": user,
            "start": _moment(start),
            "end": _moment(end),
            "proven_at": proven_at,
            "missing": missing,
            "duplicates": duplicates,
            "undated": undated,
            "unreadable": unreadable,
            "seconds": [int(scrobble.scrobbled_at.timestamp()) - start for scrobble in scrobbles],
            "keys": [scrobble.track_key for scrobble in scrobbles],
            "keep": keep,
        },
    )


def compare(
    connection: Connection, user: int, start: int, end: int, scrobbles: Sequence[Scrobble]
) -> tuple[int, int]:
    """Return how many of the scrobbles are not stored, and how many stored plays from `start` up to `end` are not
    among them."""
    row = connection.execute(
        """
        WITH given AS (
            SELECT DISTINCT given.moment, given.key, tracks.id AS track
            FROM unnest(%(moments)s::timestamptz[], %(keys)s::bigint[]) AS given (moment, key)
            LEFT JOIN tracks ON tracks.key = given.key
        ), found AS (
            SELECT moment, play.track
            FROM stretches
            CROSS JOIN LATERAL unnest(seconds, tracks) AS play (second, track)
            CROSS JOIN LATERAL (SELECT starts + make_interval(secs => play.second) AS moment) AS began
            WHERE user_id = %(user)s AND starts < %(end)s AND ends > %(start)s
              AND moment >= %(start)s AND moment < %(end)s
        )
        SELECT count(*) FILTER (WHERE found.moment IS NULL), count(*) FILTER (WHERE given.moment IS NULL)
        FROM given
        FULL JOIN found ON found.moment = given.moment AND found.track = given.track
        """,
        {
            "user": user,
            "start": _moment(start),
            "end": _moment(end),
            "moments": [scrobble.scrobbled_at for scrobble in scrobbles],
            "keys": [scrobble.track_key for scrobble in scrobbles],
        },
    ).fetchone()
    assert row is not None  # noqa: S101  an aggregate without groups is one row
    return row[0], row[1]


def proof(connection: Connection, user: int, start: int, end: int) -> Proof:
    """Sum up the stretches that have a part between `start` and `end`."""
    found = stored(connection, user, start, end)
    gaps: list[Gap] = []
    for stretch in found:
        if stretch.missing == 0:
            continue
        gap = Gap(start=stretch.start, end=stretch.end, plays=stretch.missing)
        gaps.append(_joined(gaps.pop(), gap) if gaps and gaps[-1].end == gap.start else gap)
    return Proof(
        gaps=tuple(gaps),
        duplicates=sum(stretch.duplicates for stretch in found),
        undated=sum(stretch.undated for stretch in found),
        unreadable=sum(stretch.unreadable for stretch in found),
        read_at=min((stretch.proven_at.timestamp() for stretch in found if stretch.proven_at), default=None),
    )


def years_with_gaps(connection: Connection, older_than: timedelta) -> list[tuple[str, int]]:
    """Return the listeners and years with a gap that nobody has tried to read for so long."""
    return connection.execute(
        """
        SELECT DISTINCT
            lastfm_users.username,
            EXTRACT(year FROM stretches.starts AT TIME ZONE 'UTC')::integer AS year
        FROM stretches
        JOIN lastfm_users ON lastfm_users.id = stretches.user_id
        WHERE stretches.missing IS DISTINCT FROM 0
          AND coalesce(stretches.proven_at, '-infinity') < now() - %s
        ORDER BY lastfm_users.username, year
        """,
        [older_than],
    ).fetchall()


def _joined(first: Gap, second: Gap) -> Gap:
    plays = None if first.plays is None or second.plays is None else first.plays + second.plays
    return Gap(start=first.start, end=second.end, plays=plays)


def _save_tracks(connection: Connection, scrobbles: Sequence[Scrobble]) -> None:
    tracks = {scrobble.track_key: scrobble for scrobble in scrobbles}
    ordered = sorted(tracks)
    connection.execute(
        """
        INSERT INTO tracks (key, album, title)
        SELECT given.key, albums.id, given.title
        FROM unnest(%s::bigint[], %s::uuid[], %s::text[]) AS given (key, album_key, title)
        JOIN albums ON albums.key = given.album_key
        WHERE NOT EXISTS (SELECT FROM tracks WHERE tracks.key = given.key)
        ORDER BY given.key
        ON CONFLICT (key) DO NOTHING
        """,
        [ordered, [tracks[key].album_key for key in ordered], [tracks[key].title for key in ordered]],
    )


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
