"""A master's first rows: copied in without triggers, derived by MusicBrainz's own functions."""

from collections import Counter
from collections.abc import Iterable, Sequence

from psycopg import sql

from demo.musicbrainz.export import AREAS, SPECIAL_ARTISTS, STATUSES
from mirror.database import Connection
from mirror.release_types import PRIMARY_TYPES, SECONDARY_TYPES
from tests.integration.mirror.master.dice import Dice
from tests.integration.mirror.master.schema import BESIDES, CORE

SCHEMA_SEQUENCE = 31
FIRST_PACKET = 190_000
COUNTRIES = range(1, len(AREAS) + 1)

Row = Sequence[object]

DERIVED = (
    "INSERT INTO artist_meta (id) SELECT id FROM artist",
    "INSERT INTO label_meta (id) SELECT id FROM label",
    "INSERT INTO recording_meta (id) SELECT id FROM recording",
    "INSERT INTO release_meta (id) SELECT id FROM release",
    """
    INSERT INTO release_group_meta (id, release_count)
    SELECT id, (SELECT count(*) FROM release WHERE release.release_group = release_group.id)
    FROM release_group
    """,
    "UPDATE medium SET track_count = (SELECT count(*) FROM track WHERE track.medium = medium.id)",
    "INSERT INTO release_first_release_date SELECT * FROM get_release_first_release_date_rows('TRUE')",
    "INSERT INTO recording_first_release_date SELECT * FROM get_recording_first_release_date_rows('TRUE')",
    "SELECT set_release_group_first_release_date(id) FROM release_group",
    "DELETE FROM artist_release_group_pending_update",
)


def fill(connection: Connection, dice: Dice, releases: int) -> None:
    """Fill an emptied master with about this many releases and what belongs to them."""
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        _fill_vocabulary(connection, dice)
        _fill_music(connection, dice, releases)
        for statement in DERIVED:
            connection.execute(statement)
        _set_sequences(connection)
    names = sql.SQL(", ").join(map(sql.Identifier, (*CORE, *BESIDES)))
    connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(names))


def _fill_vocabulary(connection: Connection, dice: Dice) -> None:
    for table, names in {
        "release_status": STATUSES,
        "release_group_primary_type": PRIMARY_TYPES,
        "release_group_secondary_type": SECONDARY_TYPES,
    }.items():
        _copy(connection, table, "id name gid", ((number, name, dice.gid()) for number, name in names.items()))
    areas = zip(COUNTRIES, AREAS.values(), strict=True)
    _copy(connection, "area", "id gid name", ((number, dice.gid(), name) for number, name in areas))
    _copy(connection, "country_area", "area", ((number,) for number in COUNTRIES))
    _copy(connection, "label", "id gid name", ((number, dice.gid(), f"Label {number}") for number in range(1, 20)))
    control = (1, SCHEMA_SEQUENCE, FIRST_PACKET)
    columns = "id current_schema_sequence current_replication_sequence"
    _copy(connection, "replication_control", columns, [control])


def _fill_music(connection: Connection, dice: Dice, releases: int) -> None:
    people, groups, credits_ = (
        range(3, 3 + releases // 3),
        range(1, 1 + releases // 2),
        range(1, 1 + releases // 3),
    )
    artists = [(number, dice.gid(), f"{dice.name()} {number}") for number in people]
    special = [(number, gid, name) for number, (name, gid) in enumerate(SPECIAL_ARTISTS.items(), 1)]
    _copy(connection, "artist", "id gid name sort_name", ((*row, row[2]) for row in (*special, *artists)))
    names = [
        (credit, position, dice.choice(people), dice.name(), "")
        for credit in credits_
        for position in range(dice.randint(1, 2))
    ]
    _copy(connection, "artist_credit_name", "artist_credit position artist name join_phrase", names)
    release = [
        (number, dice.gid(), dice.name(), dice.choice(credits_), dice.choice(groups), dice.status())
        for number in range(1, 1 + releases)
    ]
    _copy(connection, "release", "id gid name artist_credit release_group status", release)
    group = [
        (number, dice.gid(), dice.name(), dice.choice(credits_), dice.choice((1, 2, 3, None))) for number in groups
    ]
    _copy(connection, "release_group", "id gid name artist_credit type", group)
    _fill_details(connection, dice, releases, groups)
    recording = [(number, dice.gid(), dice.name(), dice.choice(credits_)) for number in range(1, 1 + releases)]
    _copy(connection, "recording", "id gid name artist_credit", recording)
    track = [
        (
            dice.gid(),
            dice.choice(recording)[0],
            medium,
            position,
            str(position),
            dice.name(),
            dice.choice(credits_),
        )
        for medium in range(1, 1 + releases)
        for position in range(1, dice.randint(1, 5))
    ]
    numbered = ((number, *row) for number, row in enumerate(track, 1))
    _copy(connection, "track", "id gid recording medium position number name artist_credit", numbered)
    used = Counter([*(row[3] for row in (*release, *group, *recording)), *(row[6] for row in track)])
    count = Counter(row[0] for row in names)
    credit = ((number, dice.gid(), dice.name(), count[number], used[number]) for number in credits_)
    _copy(connection, "artist_credit", "id gid name artist_count ref_count", credit)


def _fill_details(connection: Connection, dice: Dice, releases: int, groups: range) -> None:
    """Dates, mediums, secondary types and MBIDs of what was merged long ago."""
    numbers = range(1, 1 + releases)
    dated = [
        (number, country, *dice.event())
        for number in numbers
        for country in dice.sample(COUNTRIES, dice.choice((0, 1, 1, 2, 4)))
    ]
    _copy(connection, "release_country", "release country date_year date_month date_day", dated)
    unknown = [(number, *dice.date()) for number in numbers if dice.chance(0.3)]
    _copy(connection, "release_unknown_country", "release date_year date_month date_day", unknown)
    _copy(connection, "medium", "id gid release position", ((number, dice.gid(), number, 1) for number in numbers))
    joins = [(number, dice.choice(list(SECONDARY_TYPES))) for number in groups if dice.chance(0.3)]
    _copy(connection, "release_group_secondary_type_join", "release_group secondary_type", joins)
    for table, ids in {
        "release": numbers,
        "release_group": groups,
        "recording": numbers,
        "artist": groups,
    }.items():
        merged = [(dice.gid(), number) for number in ids if dice.chance(0.05) and number > 2]
        living = merged if table != "artist" else [row for row in merged if row[1] < 3 + releases // 3]
        _copy(connection, f"{table}_gid_redirect", "gid new_id", living)


def _copy(connection: Connection, table: str, columns: str, rows: Iterable[Row]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns.split()))
    copy_in = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        for row in rows:
            copy.write_row(row)


def _set_sequences(connection: Connection) -> None:
    """Continue every table's ids after its last one, or from 1 if it is empty."""
    query = """
        SELECT table_name
        FROM information_schema.columns
        WHERE table_schema = 'musicbrainz' AND table_name = ANY(%s) AND column_default LIKE 'nextval%%'
    """
    for (table,) in connection.execute(query, [list(CORE)]).fetchall():
        reset = "SELECT setval(pg_get_serial_sequence({name}, 'id'), coalesce(max(id), 0) + 1, false) FROM {table}"
        connection.execute(sql.SQL(reset).format(name=sql.Literal(table), table=sql.Identifier(str(table))))
    connection.execute("SELECT setval('dbmirror2.pending_data_seqid_seq', 1, false)")
