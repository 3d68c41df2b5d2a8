"""Albums: an answer is kept for everybody, and only ever gets better."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from uuid import UUID, uuid4

from app.events import MatchStatus
from app.store import Connection, albums, connect
from app.store.albums import Album, names_key
from tests.conftest import PATIENCE

ONE, OTHER, GROUP = UUID(int=1), UUID(int=2), UUID(int=3)
OPEN = Album("Somebody", "Album", ONE)
MISS = Album("Somebody", "Album", ONE, augmentation_status="not_found", method="mbid")
MATCH = Album("Somebody", "Album", ONE, GROUP, 1977, "matched", "mbid: release")
WITHOUT_YEAR: tuple[MatchStatus, ...] = ("pending", "not_found")
FUZZY = Album("Somebody", "Album", ONE, GROUP, 1978, "fuzzy_matched", "name", 0.5)


BETTER = [
    # stored, then told, then known
    (OPEN, OPEN, OPEN),
    (OPEN, MISS, MISS),
    (OPEN, MATCH, MATCH),
    (MISS, OPEN, MISS),
    (MISS, MATCH, MATCH),
    (MISS, FUZZY, FUZZY),
    (MATCH, MISS, MATCH),
    (MATCH, OPEN, MATCH),
    (MATCH, FUZZY, MATCH),
    (FUZZY, MISS, FUZZY),
    (FUZZY, OPEN, FUZZY),
    (FUZZY, MATCH, MATCH),
]


def test_an_album_is_listed_as_its_release_group_once_that_is_known(connection: Connection) -> None:
    def listed_as() -> object:
        row = connection.execute("SELECT listed_as FROM albums").fetchone()
        return row and row[0]

    albums.save(connection, [OPEN])
    assert listed_as() == Album("somebody", "ALBUM!", None).listed_as != GROUP
    albums.save(connection, [FUZZY])
    assert listed_as() == GROUP
    ((album_id,),) = connection.execute("SELECT id FROM albums").fetchall()
    assert albums.update_years(connection, {album_id: (OTHER, 1978)}) == 1
    assert listed_as() == OTHER


def test_songs_without_an_album_are_never_listed_as_a_release_group() -> None:
    songs = Album("Somebody", "", ONE, GROUP, 1977, "matched")
    assert songs.listed_as == Album("SOMEBODY", "", None).listed_as


def kept(connection: Connection, album: Album = OPEN) -> Album:
    return albums.known(connection, [album.key])[album.key]


def test_an_answer_is_only_ever_replaced_by_a_better_one(connection: Connection) -> None:
    stays = []
    for number, (stored, told, known) in enumerate(BETTER):
        for album in (stored, told):
            albums.save(connection, [replace(album, artist=f"Artist {number}")])
        stays.append(replace(known, artist=f"Artist {number}"))
    assert [kept(connection, album) for album in stays] == stays


def test_a_new_mbid_makes_an_album_without_a_year_wait_for_its_answer(connection: Connection) -> None:
    stored = [
        Album(f"{status} {mbid}", "Album", mbid, augmentation_status=status)
        for status, mbid in product(WITHOUT_YEAR, (None, ONE))
    ]
    told = [Album(album.artist, "Album", OTHER) for album in stored]
    albums.save(connection, stored)
    albums.save(connection, told)
    assert [kept(connection, album) for album in told] == told


def test_an_answer_without_an_mbid_does_not_forget_the_one_that_was_known(connection: Connection) -> None:
    albums.save(connection, [MISS])
    albums.save(connection, [Album("Somebody", "Album", None, GROUP, 1977, "fuzzy_matched", "name", 0.5)])
    assert kept(connection).album_mbid == ONE


def test_when_an_album_was_looked_up_is_known_unless_it_waits(connection: Connection) -> None:
    albums.save(connection, [OPEN, Album("Somebody", "Other", None, augmentation_status="not_found")])
    rows = connection.execute("SELECT album, looked_up_at IS NULL FROM albums").fetchall()
    assert dict(rows) == {"Album": True, "Other": False}


def misses(connection: Connection) -> list[int]:
    return [int(str(row[0])) for row in connection.execute("SELECT misses FROM albums")]


def test_workers_that_miss_an_album_at_the_same_time_have_missed_it_once(connection: Connection) -> None:
    for album in (OPEN, MISS, MISS):
        albums.save(connection, [album])
    assert misses(connection) == [1]
    connection.execute("UPDATE albums SET looked_up_at = looked_up_at - interval '61 minutes'")
    for _ in range(2):
        albums.save(connection, [MISS])
    assert misses(connection) == [2]


def test_mbids_that_take_turns_do_not_make_the_misses_forgotten(connection: Connection) -> None:
    for mbid in (ONE, OTHER, ONE):
        albums.save(connection, [replace(OPEN, album_mbid=mbid)])
        albums.save(connection, [replace(MISS, album_mbid=mbid)])
    assert misses(connection) == [3]
    albums.save(connection, [MATCH])
    assert misses(connection) == [0]


def test_what_is_not_stored_is_not_known(connection: Connection) -> None:
    assert albums.known(connection, [OPEN.key, uuid4()]) == {}
    albums.save(connection, [])
    assert albums.known(connection, []) == {}


def test_keys_tell_names_apart_that_run_together_alike() -> None:
    keys = [
        names_key("ab", "c"),
        names_key("a", "bc"),
        names_key("abc"),
        names_key("abc", ""),
        names_key("", "abc"),
    ]
    assert len(set(keys)) == len(keys)


def test_workers_that_keep_the_same_albums_in_any_order_do_not_block_each_other(
    connection: Connection, database_url: str
) -> None:
    many = [Album("Somebody", f"Album {number}", None) for number in range(300)]
    together = threading.Barrier(4)

    def keep(turn: int) -> None:
        given = many if turn % 2 else list(reversed(many))
        with connect(database_url) as own, own.transaction():
            together.wait(PATIENCE)
            albums.save(own, given[:200])
            albums.save(own, given[:200])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(keep, range(4)))
    assert connection.execute("SELECT count(*) FROM albums").fetchone() == (300,)
