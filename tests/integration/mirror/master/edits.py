"""Every way in which a master is edited, and how often each occurs."""

from collections.abc import Callable
from typing import LiteralString, TypeAlias

from psycopg import sql

from tests.integration.mirror.master import merges
from tests.integration.mirror.master.desk import Desk, NothingThereError
from tests.integration.mirror.master.fill import COUNTRIES

Edit: TypeAlias = Callable[[Desk], None]

NAMED: tuple[LiteralString, ...] = ("artist", "release_group", "release", "recording", "track", "area", "label")
CREDITED: tuple[LiteralString, ...] = ("release_group", "release", "recording")
ENTITIES: tuple[LiteralString, ...] = ("release_group", "release")
EVENTS: tuple[LiteralString, ...] = ("release_country", "release_unknown_country")


def add_release(desk: Desk) -> None:
    desk.add_release()


def add_aliases(desk: Desk) -> None:
    owners: dict[LiteralString, LiteralString] = {
        "artist": "artist_alias",
        "release": "release_alias",
        "release_group": "release_group_alias",
    }
    for owner, aliases in owners.items():
        name = desk.dice.name()
        desk.insert(aliases, **{owner: desk.pick(owner), "name": name, "sort_name": name})


def rename(desk: Desk) -> None:
    _set(desk, desk.dice.choice(NAMED), "name", desk.dice.name())


def change_credit(desk: Desk) -> None:
    credit = desk.credit()
    _set(desk, desk.dice.choice(CREDITED), "artist_credit", credit)


def change_type(desk: Desk) -> None:
    _set(desk, "release_group", "type", desk.dice.choice((1, 2, 3, 11, None)))


def change_secondary_types(desk: Desk) -> None:
    group = desk.pick("release_group")
    desk.run("DELETE FROM release_group_secondary_type_join WHERE release_group = %s", group)
    for secondary in desk.dice.sample(range(1, 13), desk.dice.randint(0, 2)):
        desk.insert("release_group_secondary_type_join", release_group=group, secondary_type=secondary)


def change_status(desk: Desk) -> None:
    _set(desk, "release", "status", desk.dice.status())


def move_release(desk: Desk) -> None:
    group = desk.pick("release_group")
    _set(desk, "release", "release_group", group)


def add_event(desk: Desk) -> None:
    desk.add_event(desk.pick("release"))


def change_date(desk: Desk) -> None:
    release = desk.pick("release")
    for table in EVENTS:
        date = desk.dice.event() if table == "release_country" else desk.dice.date()
        update = "UPDATE {} SET date_year = %s, date_month = %s, date_day = %s WHERE release = %s"
        desk.connection.execute(sql.SQL(update).format(sql.Identifier(table)), [*date, release])


def remove_dates(desk: Desk) -> None:
    release = desk.pick("release")
    for table in EVENTS:
        if desk.dice.chance(0.7):
            delete = sql.SQL("DELETE FROM {} WHERE release = %s").format(sql.Identifier(table))
            desk.connection.execute(delete, [release])


def move_event(desk: Desk) -> None:
    """Give a date another country: the key changes, its release stays."""
    release, country = desk.pick("release"), desk.dice.choice(COUNTRIES)
    first = desk.number("SELECT min(country) FROM release_country WHERE release = %s HAVING count(*) > 0", release)
    if first != country:
        desk.run("DELETE FROM release_country WHERE release = %s AND country = %s", release, country)
    move = "UPDATE release_country SET country = %s WHERE release = %s AND country = %s"
    desk.run(move, country, release, first)


def swap_events(desk: Desk) -> None:
    """Exchange the dates of two releases in a country, key by key, by way of a country that neither has."""
    one = desk.pick("release")
    query = """
        SELECT theirs.release, country
        FROM release_country AS theirs
        JOIN release_country AS ours USING (country)
        WHERE ours.release = %s AND theirs.release <> ours.release
        ORDER BY theirs.release, country LIMIT 1
    """
    found = desk.connection.execute(query, [one]).fetchone()
    if found is None:
        raise NothingThereError
    other, country = map(int, map(str, found))
    free = desk.number("SELECT coalesce(max(area), 0) FROM country_area")
    desk.run("DELETE FROM release_country WHERE release = %s AND country = %s", one, free)
    if country == free:
        return
    move = "UPDATE release_country SET release = %s, country = %s WHERE release = %s AND country = %s"
    desk.run(move, one, free, one, country)
    desk.run(move, one, country, other, country)
    desk.run(move, other, country, one, free)


def come_and_go(desk: Desk) -> None:
    """Add and remove a release in one transaction."""
    merges.remove_release(desk, desk.add_release())


def return_with_another_id(desk: Desk) -> None:
    """Turn a redirected MBID back into an entity of its own."""
    table = desk.dice.choice(ENTITIES)
    redirect = sql.Identifier(f"{table}_gid_redirect")
    query = sql.SQL("SELECT gid FROM {} ORDER BY gid LIMIT 1").format(redirect)
    row = desk.connection.execute(query).fetchone()
    if row:
        desk.connection.execute(sql.SQL("DELETE FROM {} WHERE gid = %s").format(redirect), row)
        values = {"gid": row[0], "name": desk.dice.name(), "artist_credit": desk.credit()}
        desk.add(table, **values, **({"release_group": desk.pick("release_group")} if table == "release" else {}))


def swap_gids(desk: Desk) -> None:
    """Exchange the MBIDs of two entities, which is rare but not forbidden."""
    table = desk.dice.choice(ENTITIES)
    one, other = desk.two(table)
    select = sql.SQL("SELECT gid FROM {} WHERE id IN (%s, %s) ORDER BY id = %s").format(sql.Identifier(table))
    (gid,), (other_gid,) = desk.connection.execute(select, [one, other, other]).fetchall()
    update = sql.SQL("UPDATE {} SET gid = %s WHERE id = %s").format(sql.Identifier(table))
    for values in ([desk.dice.gid(), one], [gid, other], [other_gid, one]):
        desk.connection.execute(update, values)


def move_tracks(desk: Desk) -> None:
    """Move a track to another recording, and a medium to another release."""
    recording, (_, release) = desk.pick("recording"), desk.two("release")
    _set(desk, "track", "recording", recording)
    last = desk.number("SELECT coalesce(max(position), 0) + 1 FROM medium WHERE release = %s", release)
    desk.run("UPDATE medium SET release = %s, position = %s WHERE id = %s", release, last, desk.pick("medium"))


def remove_track(desk: Desk) -> None:
    """Remove a track, and at the end of the transaction its recording if it has no other track."""
    track = desk.pick("track")
    desk.run("DELETE FROM track_gid_redirect WHERE new_id = %s", track)
    desk.run("DELETE FROM track WHERE id = %s", track)


def change_nothing(desk: Desk) -> None:
    table = desk.dice.choice(NAMED)
    update = sql.SQL("UPDATE {} SET name = name, edits_pending = edits_pending + 1 WHERE id = %s")
    desk.connection.execute(update.format(sql.Identifier(table)), [desk.pick(table)])
    desk.run("UPDATE release_country SET date_year = date_year WHERE release = %s", desk.pick("release"))


def edit_what_we_do_not_keep(desk: Desk) -> None:
    desk.add("url", url=f"https://example.org/{desk.dice.gid()}")
    desk.insert(
        "release_label", release=desk.pick("release"), label=desk.pick("label"), catalog_number=desk.dice.gid().hex
    )
    desk.insert("isrc", recording=desk.pick("recording"), isrc=f"USABC{desk.dice.randint(0, 9_999_999):07}")


def edit_in_bulk(desk: Desk) -> None:
    """Edit everything of one artist, as a bot does."""
    desk.run(
        "UPDATE release SET name = name || '!', quality = 1 WHERE artist_credit = %s", desk.pick("artist_credit")
    )


def _set(desk: Desk, table: LiteralString, column: LiteralString, value: object) -> None:
    update = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s").format(sql.Identifier(table), sql.Identifier(column))
    desk.connection.execute(update, [value, desk.pick(table)])


EDITS: dict[Edit, int] = {
    add_release: 6,
    add_aliases: 1,
    rename: 6,
    change_credit: 3,
    change_type: 2,
    change_secondary_types: 2,
    change_status: 6,
    move_release: 5,
    add_event: 5,
    change_date: 5,
    remove_dates: 4,
    move_event: 3,
    swap_events: 3,
    come_and_go: 1,
    return_with_another_id: 1,
    swap_gids: 1,
    move_tracks: 3,
    remove_track: 2,
    change_nothing: 3,
    edit_what_we_do_not_keep: 1,
    edit_in_bulk: 1,
    merges.merge_releases: 6,
    merges.merge_groups: 4,
    merges.merge_recordings: 3,
    merges.merge_artists: 3,
    merges.delete_release: 3,
    merges.delete_group: 2,
    merges.delete_empty_group: 2,
    merges.delete_artist: 1,
    merges.delete_credit: 2,
}
