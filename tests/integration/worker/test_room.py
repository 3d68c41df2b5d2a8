"""Room: what is stored of Last.fm's data stays within the limit, and the charts outlive their plays."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.counters.counts import totals
from app.counters.gauges import read_storage
from app.events import Event
from app.redis import looks
from app.redis.event_stream import Topic, drop_snapshot, latest_snapshot
from app.redis.looks import Looks
from app.settings import Settings
from app.store import Connection, connect
from app.store.plays import counted_years
from app.store.upkeep import room
from app.store.upkeep.room import StoredYear
from tests.integration.worker.conftest import Stage, some_plays
from worker import shutdown
from worker.fetching.room import make_room

LUCA = "/user/LightLuca/2023"
API = "/api/v1/users/LightLuca/years/2023"
NAMES = ("PartPaul", "PartPia")
LOCK = "lastyear:making-room"


def looked_at(stage: Stage, name: str, days_ago: float) -> None:
    stage.connection.execute(
        "UPDATE fetch_jobs SET looked_at = now() - %s WHERE username_key = %s",
        [timedelta(days=days_ago), name.lower()],
    )


def without_plays(stage: Stage) -> list[tuple[str, int]]:
    rows = "SELECT username_key, year FROM fetch_jobs WHERE plays_removed_at IS NOT NULL ORDER BY 1, 2"
    return stage.connection.execute(rows).fetchall()


def remove(stage: Stage, name: str = "LightLuca") -> None:
    """Removes the plays of all years of a listener, as if they filled the database."""
    for one in room.longest_unseen(stage.connection):
        if one.username == name:
            with stage.connection.transaction():
                assert room.remove_plays(stage.connection, one)


def take_in_both(stage: Stage) -> None:
    for name in NAMES:
        stage.take_in(name, some_plays(30))


def read_both(stage: Stage, sizes: list[int]) -> None:
    """Makes both years be stored, with room left."""
    sizes[:] = [1]
    take_in_both(stage)
    for name in NAMES:
        stage.fetch(name, 2023)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the data seems to take, in MB: at each look the next of these; the last one stays."""
    sizes: list[int] = []

    def seem(_connection: object) -> int:
        return (sizes.pop(0) if len(sizes) > 1 else sizes[0]) * 1_000_000

    monkeypatch.setattr("worker.fetching.room.room.lastfm_bytes", seem)
    return sizes


def test_what_is_stored_shrinks_below_the_limit_in_truth(stage: Stage) -> None:
    """Measured by PostgreSQL itself: over 8 MB of names and plays, of which at most 3 may stay."""
    for nth in range(30):
        stage.connection.execute(
            """
            WITH someone AS (
                INSERT INTO lastfm_users (username, username_key, available_years, playcount)
                VALUES (%(name)s, %(name)s, '{2020}', 0) RETURNING id
            ), job AS (
                INSERT INTO fetch_jobs (username_key, year, run, status, window_end, completed_at, looked_at)
                SELECT %(name)s, 2020, gen_random_uuid(), 'completed', now(), now(),
                       now() - make_interval(days => %(nth)s)
            ), records AS (
                INSERT INTO albums (key, artist_key, listed_as, artist, album)
                SELECT gen_random_uuid(), 0, gen_random_uuid(), repeat('x', 400), nth::text
                FROM generate_series(1, 250) AS nth
                RETURNING id, album
            ), songs AS (
                INSERT INTO tracks (key, album, title)
                SELECT hashtextextended(gen_random_uuid()::text, 0), id, repeat('y', 400)
                FROM records
                RETURNING id
            )
            INSERT INTO stretches
                (user_id, starts, ends, proven_at, missing, duplicates, undated, unreadable, seconds, tracks)
            SELECT someone.id, '2020-01-01Z', '2020-02-01Z', now(), 0, 0, 0, 0,
                   array_agg(songs.id %% 1000), array_agg(songs.id)
            FROM someone, songs
            GROUP BY someone.id
            """,
            {"name": f"listener{nth:02}", "nth": nth},
        )
    before = room.lastfm_bytes(stage.connection)
    assert before > 8_000_000
    assert make_room(stage.connection, stage.redis, 100) == 0
    removed = make_room(stage.connection, stage.redis, 3)
    assert room.lastfm_bytes(stage.connection) <= 3_000_000
    assert 15 < removed < 29, "as many as it takes, not all"
    gone = sorted(name for name, _ in without_plays(stage))
    assert gone == [f"listener{nth:02}" for nth in range(30 - removed, 30)], "those that were unseen for longest"
    assert make_room(stage.connection, stage.redis, 3) == 0, "there is room for more before it begins again"
    assert totals(stage.redis)["years_evicted",] == removed
    storage = read_storage(stage.redis)
    assert storage is not None
    assert storage.bytes == room.lastfm_bytes(stage.connection)


def test_a_run_makes_room_at_its_end_and_its_own_year_is_the_last_to_go(stage: Stage, sizes: list[int]) -> None:
    sizes[:] = [1]
    take_in_both(stage)
    stage.fetch("PartPaul", 2023)
    looked_at(stage, "PartPaul", days_ago=3)
    sizes[:] = [101, 101, 80]
    stage.ask("PartPia", 2023)
    looked_at(stage, "PartPia", days_ago=5)
    stage.run_jobs()
    assert without_plays(stage) == [("partpaul", 2023)]
    assert stage.rows("PartPia", 2023) == stage.told("PartPia", 2023)


def test_a_year_that_a_run_is_reading_keeps_its_plays(stage: Stage, sizes: list[int]) -> None:
    read_both(stage, sizes)
    looked_at(stage, "PartPaul", days_ago=9)
    stage.ask("PartPaul", 2023, refresh=True)
    sizes[:] = [101, 101, 80]
    assert make_room(stage.connection, stage.redis, 100) == 1
    assert without_plays(stage) == [("partpia", 2023)]
    sizes[:] = [101]
    assert make_room(stage.connection, stage.redis, 100) == 0, "it says so, and tries again later"
    sizes[:] = [1]
    stage.run_jobs()
    assert stage.rows("PartPaul", 2023) == stage.told("PartPaul", 2023)


def test_what_gives_no_room_is_not_removed_without_end(stage: Stage, sizes: list[int]) -> None:
    read_both(stage, sizes)
    sizes[:] = [101]
    assert make_room(stage.connection, stage.redis, 100) == 1
    assert make_room(stage.connection, stage.redis, 100) == 0, "not before it may be different"
    assert len(without_plays(stage)) == 1


def test_runs_that_end_together_do_not_remove_twice_as_much(
    stage: Stage, sizes: list[int], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_both(stage, sizes)
    both = threading.Barrier(2)
    first = threading.local()

    def wait_for_each_other(connection: object) -> int:
        if not getattr(first, "is_over", False):
            first.is_over = True
            both.wait(60)
            return 101_000_000
        rows = stage.connection.execute("SELECT FROM stretches").rowcount
        return 101_000_000 if rows and not without_plays(stage) else 80_000_000

    monkeypatch.setattr("worker.fetching.room.room.lastfm_bytes", wait_for_each_other)

    def make() -> int:
        with connect(database_url) as connection:
            return make_room(connection, stage.redis, 100)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(one.result() for one in [pool.submit(make) for _ in range(2)]) == [0, 1]


def test_who_makes_room_holds_the_lock_for_as_long_as_that_takes_and_not_longer(
    stage: Stage, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_both(stage, sizes)
    for name in NAMES:
        looked_at(stage, name, days_ago=9)
    left: list[int] = []
    remove_plays = room.remove_plays

    def slowly(connection: Connection, stored: StoredYear) -> bool:
        left.append(stage.redis.ttl(LOCK))
        stage.redis.expire(LOCK, 60)
        return remove_plays(connection, stored)

    def stop() -> None:
        if left:
            raise shutdown.ShutdownRequested

    monkeypatch.setattr(room, "remove_plays", slowly)
    with monkeypatch.context() as patch:
        patch.setattr(shutdown, "raise_if_requested", stop)
        sizes[:] = [300]
        with pytest.raises(shutdown.ShutdownRequested):
            make_room(stage.connection, stage.redis, 100)
    assert len(without_plays(stage)) == len(left) == 1, "a worker that is to end does not begin with the next year"
    assert not stage.redis.exists(LOCK), "whoever goes on need not wait for it"
    stage.redis.set(LOCK, "another worker's")
    assert make_room(stage.connection, stage.redis, 100) == 0
    stage.redis.delete(LOCK)
    sizes[:] = [300, 300, 80]
    assert make_room(stage.connection, stage.redis, 100) == 1
    assert min(left) > 60, "it is renewed before each year"


def test_a_worker_that_has_lost_the_lock_removes_nothing_more(
    stage: Stage, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_both(stage, sizes)
    remove_plays = room.remove_plays

    def too_slowly(connection: Connection, stored: StoredYear) -> bool:
        stage.redis.set(LOCK, "another worker's")
        return remove_plays(connection, stored)

    monkeypatch.setattr(room, "remove_plays", too_slowly)
    sizes[:] = [300, 300, 200]
    assert make_room(stage.connection, stage.redis, 100) == 1
    assert stage.redis.get(LOCK) == b"another worker's"


def test_a_look_is_noted_without_the_database_and_decides_who_goes(
    stage: Stage, client: FlaskClient, sizes: list[int]
) -> None:
    read_both(stage, sizes)
    for name in NAMES:
        looked_at(stage, name, days_ago=30 if name == "PartPaul" else 20)
    for _ in range(2):
        assert client.get("/user/PartPaul/2023").status_code == 200
    assert [(key, year) for key, year, _ in looks.latest_looks(stage.redis)] == [("partpaul", 2023)]
    sizes[:] = [101, 101, 80]
    assert make_room(stage.connection, stage.redis, 100) == 1
    assert without_plays(stage) == [("partpia", 2023)]
    assert looks.latest_looks(stage.redis) == []


def test_looks_that_follow_each_other_are_told_once(stage: Stage) -> None:
    now = 1_000_000.0
    noted = Looks(stage.redis, clock=lambda: now)
    noted.note("LightLuca", 2023)
    now += 60
    noted.note("lightluca", 2023)
    assert [at for *_, at in looks.latest_looks(stage.redis)] == [datetime.fromtimestamp(1_000_000, UTC)]
    now += 600
    noted.note("LightLuca", 2023)
    assert [at for *_, at in looks.latest_looks(stage.redis)] == [datetime.fromtimestamp(now, UTC)]
    looks.forget_looks(stage.redis, "LIGHTLUCA")
    assert looks.latest_looks(stage.redis) == []


def test_the_chart_outlives_its_plays(stage: Stage, client: FlaskClient) -> None:
    stage.fetch("LightLuca", 2023)
    stage.look_up("LightLuca")
    addresses = (
        LUCA,
        f"{LUCA}?by=decade",
        f"{LUCA}.csv",
        f"{LUCA}.svg",
        f"{LUCA}/top.json",
        "/user/LightLuca",
        API,
    )
    before = {address: client.get(address) for address in addresses}
    event = stage.event("LightLuca", 2023)
    remove(stage)
    drop_snapshot(stage.redis, Topic("LightLuca", 2023))
    client.application.extensions["lastyear"].page_cache.drop("LightLuca", 2023)
    after = {address: client.get(address) for address in addresses}
    assert stage.rows("LightLuca", 2023) == []
    kept = stage.event("LightLuca", 2023)
    assert kept.only_counted
    assert kept == event.model_copy(update={"only_counted": True})
    for address in (f"{LUCA}.csv", f"{LUCA}.svg"):
        assert after[address].data == before[address].data
    said = "The plays of 2023 themselves were removed to make room"
    assert said in after[LUCA].text
    assert said not in before[LUCA].text
    bars = re.compile(r'id="b\d+"[^>]*><title>[^<]*')
    assert bars.findall(after[LUCA].text) == bars.findall(before[LUCA].text) != []
    heat = re.compile(r'id="r2023".*?</tr>', re.DOTALL)
    assert heat.findall(after["/user/LightLuca"].text) == heat.findall(before["/user/LightLuca"].text) != []
    assert after[API].get_json() == {**before[API].get_json(), "only_counted": True}
    top = after[f"{LUCA}/top.json"].get_json()
    assert sum(len(albums) for albums in top.values()) > 5
    assert all(
        albums == before[f"{LUCA}/top.json"].get_json()[year][: len(albums)] for year, albums in top.items()
    )
    job = stage.job("LightLuca", 2023).id
    counted = counted_years.find(stage.connection, job)
    assert len(counted.top_albums) == counted_years.TOP_ALBUMS
    assert sum(sum(years.values()) for years in counted.months.values()) == counted.placed
    size = stage.connection.execute("SELECT pg_column_size(counted) FROM counted_years").fetchone()
    assert size is not None
    assert size[0] < 8_000


def test_a_click_into_a_bar_reads_the_plays_again_and_says_so(
    stage: Stage, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.fetch("LightLuca", 2023)
    year = max(stage.event("LightLuca", 2023).years)
    before = client.get(f"{LUCA}/{year}").text
    whole = stage.event("LightLuca", 2023)
    remove(stage)
    drop_snapshot(stage.redis, Topic("LightLuca", 2023))
    stage.lastfm.call_log.clear()
    assert client.get(LUCA).status_code == 200
    stage.run_jobs()
    assert stage.lastfm.calls == [], "a look at the chart needs none"
    answer = client.get(f"{LUCA}/{year}")
    assert answer.status_code == 200
    assert "They are being read from Last.fm again, and this list appears by itself." in answer.text
    assert f'data-live="{LUCA}"' in answer.text
    charts: list[dict[int, int]] = []
    stage.watch(lambda event: charts.append(event.years))
    stage.run_jobs()
    assert len(charts) > 2
    assert all(years == whole.years for years in charts), "the chart stands meanwhile"
    done = stage.event("LightLuca", 2023)
    assert (done.phase, done.only_counted, done.added, done.removed) == ("completed", False, 0, 0)
    assert stage.rows("LightLuca", 2023) == stage.told("LightLuca", 2023)
    run = re.compile(r'data-run="[^"]*"')
    assert run.sub("", client.get(f"{LUCA}/{year}").text) == run.sub("", before)
    assert stage.connection.execute("SELECT FROM counted_years").rowcount == 0


@pytest.mark.parametrize("period", ["", "&month=7", "&from=2023-07-10&to=2023-08-20"])
def test_a_program_that_asks_for_albums_gets_them_after_a_while(
    stage: Stage, client: FlaskClient, period: str
) -> None:
    stage.fetch("LightLuca", 2023)
    year = max(stage.event("LightLuca", 2023).years)
    before = client.get(f"{API}/albums?released={year}{period}").get_json()
    assert before["albums"]
    remove(stage)
    drop_snapshot(stage.redis, Topic("LightLuca", 2023))
    answer = client.get(f"{API}/albums?released={year}{period}")
    assert (answer.status_code, answer.get_json()["albums"], answer.get_json()["only_counted"]) == (202, [], True)
    assert answer.get_json()["period"] == before["period"]
    assert int(answer.headers["Retry-After"]) > 0
    stage.run_jobs()
    assert client.get(f"{API}/albums?released={year}{period}").get_json() == before


def test_a_part_of_a_year_goes_without_a_trace_and_begins_anew(stage: Stage, client: FlaskClient) -> None:
    stage.take_in("PartPia", some_plays(450))
    stage.grant(200)
    stage.ask("PartPia", 2023)

    def stop(event: Event) -> None:
        if event.phase == "fetching" and event.done == 199:
            raise OSError("a fault of ours")

    whole = stage.context
    stage.watch(stop)
    with pytest.raises(OSError, match="a fault"):
        stage.run_jobs()
    stage.context = replace(whole)
    assert len(stage.rows("PartPia", 2023)) == 199
    remove(stage, "PartPia")
    assert without_plays(stage) == []
    assert stage.connection.execute("SELECT FROM counted_years").rowcount == 0
    assert stage.fetch("PartPia", 2023).status == "completed"
    assert stage.rows("PartPia", 2023) == stage.told("PartPia", 2023)


def test_a_reading_that_is_interrupted_leaves_the_chart_and_the_next_proves_all(stage: Stage) -> None:
    stage.take_in("PartPia", some_plays(450))
    stage.grant(200)
    stage.fetch("PartPia", 2023)
    years = stage.event("PartPia", 2023).scrobbles
    remove(stage, "PartPia")
    stage.ask("PartPia", 2023)
    whole = stage.context

    def stop(event: Event) -> None:
        if event.phase == "fetching" and event.done == 199:
            raise OSError("a fault of ours")

    stage.watch(stop)
    with pytest.raises(OSError, match="a fault"):
        stage.run_jobs()
    stage.context = replace(whole)
    failed = stage.event("PartPia", 2023)
    assert (failed.phase, failed.is_whole, failed.scrobbles, failed.only_counted) == ("failed", True, years, True)
    remove(stage, "PartPia")
    assert stage.fetch("PartPia", 2023).plays_removed_at is None
    assert stage.rows("PartPia", 2023) == stage.told("PartPia", 2023)


def test_pages_in_redis_tell_of_it_without_the_database(
    stage: Stage, sizes: list[int], client: FlaskClient, settings: Settings
) -> None:
    sizes[:] = [1]
    stage.fetch("LightLuca", 2023)
    sizes[:] = [101, 101, 80]
    assert make_room(stage.connection, stage.redis, 100) == 1
    snapshot = latest_snapshot(stage.redis, Topic("LightLuca", 2023))
    assert snapshot is not None
    assert snapshot.event.only_counted
    stage.connection.execute("ALTER TABLE fetch_jobs RENAME TO away")
    page = client.get(LUCA)
    assert page.status_code == 200
    assert "removed to make room" in page.text
    assert client.get(f"{LUCA}.png").status_code == 200
