"""Merges and removals, step by step as MusicBrainz's own server makes them."""

from typing import LiteralString

from psycopg import sql

from tests.integration.mirror.master.desk import Desk, NothingThereError


def merge_releases(desk: Desk) -> None:
    """Merge two releases: events move by an UPDATE of their key, mediums move or are merged into the winner's."""
    loser, winner = desk.two("release")
    if desk.dice.chance(0.5):
        _melt_mediums(desk, loser, winner)
    last = desk.number("SELECT coalesce(max(position), 0) FROM medium WHERE release = %s", winner)
    move = "UPDATE medium SET release = %s, position = position + %s WHERE release = %s"
    desk.run(move, winner, last, loser)
    twice = "SELECT country FROM release_country WHERE release = %s"
    same = desk.numbers(twice, winner)
    desk.run("DELETE FROM release_country WHERE release = %s AND country = ANY(%s)", loser, same)
    desk.run("UPDATE release_country SET release = %s WHERE release = %s", winner, loser)
    if desk.numbers("SELECT release FROM release_unknown_country WHERE release = %s", winner):
        desk.run("DELETE FROM release_unknown_country WHERE release = %s", loser)
    desk.run("UPDATE release_unknown_country SET release = %s WHERE release = %s", winner, loser)
    desk.run("UPDATE release_label SET release = %s WHERE release = %s", winner, loser)
    desk.run("UPDATE release_alias SET release = %s WHERE release = %s", winner, loser)
    _redirect(desk, "release", loser, winner)


def merge_groups(desk: Desk) -> None:
    loser, winner = desk.two("release_group")
    desk.run("UPDATE release SET release_group = %s WHERE release_group = %s", winner, loser)
    desk.run("UPDATE release_group_alias SET release_group = %s WHERE release_group = %s", winner, loser)
    desk.run("DELETE FROM release_group_secondary_type_join WHERE release_group = %s", loser)
    _redirect(desk, "release_group", loser, winner)


def merge_recordings(desk: Desk) -> None:
    _merge_recording(desk, *desk.two("recording"))


def merge_artists(desk: Desk) -> None:
    """Credits never change: each with the loser in it is replaced by a new one with the winner."""
    loser, winner = desk.two("artist")
    credits_ = desk.numbers("SELECT DISTINCT artist_credit FROM artist_credit_name WHERE artist = %s", loser)
    for credit in sorted(credits_):
        rows = desk.connection.execute(
            """
            SELECT CASE artist WHEN %s THEN %s ELSE artist END, name
            FROM artist_credit_name
            WHERE artist_credit = %s
            ORDER BY position
            """,
            [loser, winner, credit],
        )
        _replace_credit(desk, credit, desk.add_credit([(int(artist), str(name)) for artist, name in rows]))
    desk.run("UPDATE artist_alias SET artist = %s WHERE artist = %s", winner, loser)
    _redirect(desk, "artist", loser, winner)


def _replace_credit(desk: Desk, old: int, new: int) -> None:
    users: tuple[LiteralString, ...] = ("release_group", "release", "track", "recording")
    for table in users:
        update = sql.SQL("UPDATE {} SET artist_credit = %s WHERE artist_credit = %s")
        desk.connection.execute(update.format(sql.Identifier(table)), [new, old])
    desk.run("DELETE FROM artist_credit_name WHERE artist_credit = %s", old)
    _redirect(desk, "artist_credit", old, new)


def _melt_mediums(desk: Desk, loser: int, winner: int) -> None:
    pairs = desk.connection.execute(
        """
        SELECT l.id, w.id
        FROM medium AS l
        JOIN medium AS w ON w.position = l.position
        WHERE l.release = %s AND w.release = %s
        """,
        [loser, winner],
    ).fetchall()
    for old, new in pairs:
        _melt_tracks(desk, int(old), int(new))
        _redirect(desk, "medium", int(old), int(new))


def _melt_tracks(desk: Desk, old: int, new: int) -> None:
    """Tracks at the same place become one, their recordings too; what is left over is dropped."""
    tracks = desk.connection.execute(
        """
        SELECT l.id, w.id, l.recording, w.recording
        FROM track AS l
        JOIN track AS w ON w.position = l.position
        WHERE l.medium = %s AND w.medium = %s
        """,
        [old, new],
    ).fetchall()
    merged = {int(lost): int(recording) for _, _, lost, recording in tracks if lost != recording}
    for lost, kept, *_ in tracks:
        _redirect(desk, "track", int(lost), int(kept))
    desk.run("DELETE FROM track WHERE medium = %s", old)
    for recording, into in merged.items():
        if desk.numbers("SELECT id FROM recording WHERE id = ANY(%s)", [recording, into]) != [recording]:
            _merge_recording(desk, recording, into)


def _merge_recording(desk: Desk, loser: int, winner: int) -> None:
    desk.run("UPDATE track SET recording = %s WHERE recording = %s", winner, loser)
    desk.run("DELETE FROM isrc WHERE recording = %s", loser)
    _redirect(desk, "recording", loser, winner)


def _redirect(desk: Desk, table: LiteralString, loser: int, winner: int) -> None:
    """Redirect everything from the loser to the winner and delete the loser. Its MBID stays valid, in one hop."""
    names = {"table": sql.Identifier(table), "redirect": sql.Identifier(f"{table}_gid_redirect")}
    for statement, values in (
        ("UPDATE {redirect} SET new_id = %s WHERE new_id = %s", [winner, loser]),
        (
            """
            WITH gone AS (DELETE FROM {table} WHERE id = %s RETURNING gid)
            INSERT INTO {redirect} (gid, new_id) SELECT gid, %s FROM gone
            """,
            [loser, winner],
        ),
    ):
        desk.connection.execute(sql.SQL(statement).format(**names), values)


def delete_release(desk: Desk) -> None:
    remove_release(desk, desk.pick("release"))


def delete_group(desk: Desk) -> None:
    """With all its releases, unless they are many."""
    group = desk.pick("release_group")
    releases = desk.numbers("SELECT id FROM release WHERE release_group = %s ORDER BY id", group)
    if len(releases) > 4:
        raise NothingThereError
    for release in releases:
        remove_release(desk, release)
    remove_group(desk, group)


def delete_empty_group(desk: Desk) -> None:
    query = """
        SELECT id FROM release_group
        WHERE NOT EXISTS (SELECT FROM release WHERE release_group = release_group.id)
        ORDER BY id LIMIT 1
    """
    remove_group(desk, desk.number(query))


def delete_artist(desk: Desk) -> None:
    query = """
        SELECT id FROM artist
        WHERE id > 2 AND NOT EXISTS (SELECT FROM artist_credit_name WHERE artist = artist.id)
        ORDER BY id LIMIT 1
    """
    artist = desk.number(query)
    desk.run("DELETE FROM artist_gid_redirect WHERE new_id = %s", artist)
    desk.run("DELETE FROM artist_alias WHERE artist = %s", artist)
    desk.run("DELETE FROM artist WHERE id = %s", artist)


def delete_credit(desk: Desk) -> None:
    """Delete unused credits, as the server's hourly job does. Their names are deleted by cascade."""
    query = """
        SELECT row_id FROM unreferenced_row_log
        JOIN artist_credit ON artist_credit.id = row_id AND ref_count <= 0
        WHERE table_name = 'artist_credit'
        ORDER BY row_id LIMIT 1
    """
    credit = desk.number(query)
    desk.run("DELETE FROM unreferenced_row_log WHERE row_id = %s", credit)
    desk.run("DELETE FROM artist_credit_gid_redirect WHERE new_id = %s", credit)
    desk.run("DELETE FROM artist_credit WHERE id = %s", credit)


def remove_release(desk: Desk, release: int) -> None:
    desk.run("DELETE FROM release_gid_redirect WHERE new_id = %s", release)
    desk.run("DELETE FROM release_label WHERE release = %s", release)
    desk.run("DELETE FROM release_alias WHERE release = %s", release)
    desk.run("DELETE FROM release_country WHERE release = %s", release)
    desk.run("DELETE FROM release_unknown_country WHERE release = %s", release)
    tracks = desk.numbers(
        "SELECT track.id FROM track JOIN medium ON medium.id = track.medium WHERE medium.release = %s", release
    )
    desk.run("DELETE FROM track_gid_redirect WHERE new_id = ANY(%s)", tracks)
    desk.run("DELETE FROM track WHERE id = ANY(%s)", tracks)
    mediums = desk.numbers("SELECT id FROM medium WHERE release = %s", release)
    desk.run("DELETE FROM medium_gid_redirect WHERE new_id = ANY(%s)", mediums)
    desk.run("DELETE FROM medium WHERE release = %s", release)
    desk.run("DELETE FROM release WHERE id = %s", release)


def remove_group(desk: Desk, group: int) -> None:
    desk.run("DELETE FROM release_group_gid_redirect WHERE new_id = %s", group)
    desk.run("DELETE FROM release_group_alias WHERE release_group = %s", group)
    desk.run("DELETE FROM release_group_secondary_type_join WHERE release_group = %s", group)
    desk.run("DELETE FROM release_group WHERE id = %s", group)
