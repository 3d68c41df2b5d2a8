"""Replication from a server of packets: how far it goes, when it tries again, when it ends."""

import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from demo.metabrainz import Fault, MetaBrainz
from mirror.database import connect
from mirror.errors import (
    MirrorEmpty,
    MirrorError,
    NotReplicable,
    OtherProfile,
    PacketAway,
    PacketBroken,
    PacketMissing,
    ReplicationRunning,
    SchemaChanged,
    TokenMissing,
    TokenRefused,
)
from mirror.feed import Feed
from mirror.load import LOCK, import_export
from mirror.replicate import ONE_AT_A_TIME, Progress, ReplicationResult, replicate
from mirror.state import State, mirror_state
from tests.conftest import wait_until
from tests.integration.mirror import music
from tests.integration.mirror.music import group
from tests.integration.mirror.packets import BASE, Edit, publish

NEXT = f"replication-{BASE + 1}-v2.tar.bz2"


def retitled(before: str, after: str) -> list[Edit]:
    return [("release_group", group(1, "rumours", before), group(1, "rumours", after))]


@pytest.fixture
def metabrainz(tmp_path: Path) -> Iterator[MetaBrainz]:
    """A server with two packets."""
    publish(tmp_path, BASE + 1, retitled("Rumours", "once"))
    publish(tmp_path, BASE + 2, retitled("once", "twice"))
    with MetaBrainz(tmp_path) as server:
        yield server


def run(url: str, metabrainz: MetaBrainz, **more: object) -> ReplicationResult:
    options: dict[str, object] = {"pauses": (0.0, 0.0), "wait": 0.02, **more}
    return replicate(url, metabrainz.packet_url, metabrainz.token, **options)  # type: ignore[arg-type]


def state(url: str) -> State:
    with connect(url) as connection:
        found = mirror_state(connection)
    assert found is not None
    return found


def at(url: str) -> tuple[str, int | None]:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT name FROM musicbrainz.release_group WHERE id = 1").fetchone()
    assert row is not None
    return row[0], state(url).replication_sequence


def asked(metabrainz: MetaBrainz) -> list[str]:
    return [request.path.rpartition("/")[2] for request in metabrainz.requests]


def test_it_applies_all_that_is_published_and_ends(mirror: str, metabrainz: MetaBrainz) -> None:
    seen: list[Progress] = []
    result = run(mirror, metabrainz, report=seen.append)
    assert result == ReplicationResult(BASE + 2, packets=2, changes=2, kept=2, drift=0)
    assert at(mirror) == ("twice", BASE + 2)
    assert [(progress.sequence, progress.last) for progress in seen if progress.applied] == [
        (BASE + 1, BASE + 2),
        (BASE + 2, BASE + 2),
    ]
    assert seen[-1].waiting == "up to date"


def test_a_mirror_that_is_up_to_date_stays_as_it_is(mirror: str, metabrainz: MetaBrainz) -> None:
    run(mirror, metabrainz)
    assert run(mirror, metabrainz) == ReplicationResult(BASE + 2)


def test_it_ends_after_as_many_packets_as_it_was_told(mirror: str, metabrainz: MetaBrainz) -> None:
    assert run(mirror, metabrainz, limit=1).sequence == BASE + 1
    assert at(mirror) == ("once", BASE + 1)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(NEXT, times=2, status=503), id="503"),
        pytest.param(Fault(NEXT, times=2, cut=100), id="torn"),
        pytest.param(Fault(NEXT, times=2, wrong=True), id="damaged"),
        pytest.param(Fault("replication-info", times=None, status=500), id="no replication-info"),
    ],
)
def test_what_goes_wrong_twice_is_tried_a_third_time(mirror: str, metabrainz: MetaBrainz, fault: Fault) -> None:
    metabrainz.fail(fault)
    run(mirror, metabrainz)
    assert at(mirror) == ("twice", BASE + 2)


@pytest.mark.parametrize(
    ("fault", "error", "match"),
    [
        (Fault(NEXT, times=3, status=500), PacketAway, "try again later.*status 500"),
        (Fault(NEXT, times=3, cut=100), PacketAway, "torn: 100 of"),
        (Fault(NEXT, times=3, wrong=True), PacketBroken, "fetch it anew"),
    ],
)
def test_what_goes_wrong_three_times_ends_it_and_is_remembered(
    mirror: str, metabrainz: MetaBrainz, fault: Fault, error: type[MirrorError], match: str
) -> None:
    metabrainz.fail(fault)
    with pytest.raises(error, match=match):
        run(mirror, metabrainz)
    assert asked(metabrainz).count(NEXT) == 3
    assert at(mirror) == ("Rumours", BASE)
    assert (state(mirror).last_error or "").startswith((error.__doc__ or "")[:30])
    run(mirror, metabrainz)
    assert state(mirror).last_error is None


def test_a_server_that_stalls_is_away(metabrainz: MetaBrainz) -> None:
    metabrainz.fail(Fault(NEXT, stall=30, stall_after=50))
    feed = Feed(metabrainz.packet_url, metabrainz.token, timeout=0.2)
    with pytest.raises(PacketAway, match="torn: TimeoutError"), feed.packet(BASE + 1):
        pass


def test_a_server_that_is_not_there_is_away(mirror: str) -> None:
    with pytest.raises(PacketAway, match="ConnectionRefusedError"):
        replicate(mirror, "http://127.0.0.1:9/", "token", pauses=())


@pytest.mark.parametrize(
    ("token", "error"), [("", TokenMissing), ("Wr0ngToken", TokenRefused)], ids=["no token", "a wrong token"]
)
def test_without_a_good_token_it_says_where_to_get_one(
    mirror: str, metabrainz: MetaBrainz, token: str, error: type[MirrorError]
) -> None:
    with pytest.raises(error, match=r"https://metabrainz\.org/profile.*METABRAINZ_TOKEN"):
        replicate(mirror, metabrainz.packet_url, token)


@pytest.mark.parametrize("status", [403, 500])
def test_nobody_is_told_the_token(
    mirror: str, metabrainz: MetaBrainz, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    metabrainz.fail(Fault("", times=None, status=status))
    with pytest.raises(MirrorError) as caught:
        run(mirror, metabrainz)
    error: BaseException | None = caught.value
    told = [caplog.text, repr(Feed("", metabrainz.token)), state(mirror).last_error]
    while error is not None:
        told += [repr(error), *traceback.format_exception(error)]
        error = error.__context__
    assert metabrainz.token not in str(told)


def test_a_hole_in_the_row_of_packets_is_told_from_its_end(mirror: str, metabrainz: MetaBrainz) -> None:
    (metabrainz.folder / "packets" / NEXT).unlink()
    with pytest.raises(PacketMissing, match=f"import a newer export.*{BASE + 1}, the newest is {BASE + 2}"):
        run(mirror, metabrainz)


def test_a_mirror_whose_export_has_no_number_cannot_be_replicated(
    empty_database: str, metabrainz: MetaBrainz, tmp_path: Path
) -> None:
    music.publish(tmp_path / "fullexport", replication_sequence=None)
    import_export(empty_database, str(tmp_path / "fullexport"))
    with pytest.raises(NotReplicable, match="no replication sequence"):
        run(empty_database, metabrainz)


def test_an_empty_mirror_is_to_be_imported_first(empty_database: str, metabrainz: MetaBrainz) -> None:
    with pytest.raises(MirrorEmpty, match="lastyear mirror import"):
        run(empty_database, metabrainz)


def test_another_profile_needs_another_import_and_it_says_why(mirror: str, metabrainz: MetaBrainz) -> None:
    with pytest.raises(OtherProfile, match=r"holds only what has changed.*lastyear mirror import.*has albums"):
        run(mirror, metabrainz, profile="recordings")


def test_the_second_of_two_leaves(mirror: str, metabrainz: MetaBrainz) -> None:
    with psycopg.connect(mirror) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        with pytest.raises(ReplicationRunning, match="leave it to that one"):
            run(mirror, metabrainz)


Following = Callable[..., tuple[Thread, list[Progress], list[object]]]


@pytest.fixture
def follow(mirror: str, metabrainz: MetaBrainz) -> Iterator[Following]:
    """Starts to follow in a thread; gives it with what it reports and what comes of it. Stopped at the end."""
    stop, threads = Event(), []

    def start() -> tuple[Thread, list[Progress], list[object]]:
        seen: list[Progress] = []
        outcome: list[object] = []

        def work() -> None:
            try:
                outcome.append(run(mirror, metabrainz, follow=True, report=seen.append, stop=stop))
            except MirrorError as error:
                outcome.append(error)

        threads.append(Thread(target=work))
        threads[-1].start()
        return threads[-1], seen, outcome

    yield start
    stop.set()
    for thread in threads:
        thread.join(20)


def test_following_goes_on_with_what_is_published_later(
    mirror: str, metabrainz: MetaBrainz, follow: Following
) -> None:
    follow()
    wait_until(lambda: at(mirror) == ("twice", BASE + 2))
    publish(metabrainz.folder, BASE + 3, retitled("twice", "thrice"))
    wait_until(lambda: at(mirror) == ("thrice", BASE + 3))


def test_following_outlives_what_passes(mirror: str, metabrainz: MetaBrainz, follow: Following) -> None:
    metabrainz.fail(Fault(NEXT, times=4, status=503))
    with psycopg.connect(mirror, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [LOCK])  # as an import does
        _, seen, _ = follow()
        wait_until(lambda: any("An import is at work" in progress.waiting for progress in seen))
        backends = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%replicate'"
        )

        def noticed() -> bool:
            admin.execute(backends)  # as a restart of the server does; again where it was between two questions
            return any("cannot be reached" in progress.waiting for progress in seen)

        wait_until(noticed)
    wait_until(lambda: at(mirror) == ("twice", BASE + 2))


def test_following_ends_when_the_schema_changes(mirror: str, metabrainz: MetaBrainz, follow: Following) -> None:
    publish(metabrainz.folder, BASE + 2, retitled("once", "twice"), schema_sequence=32)
    thread, _, outcome = follow()
    thread.join(20)
    assert isinstance(outcome[0], SchemaChanged)
    assert at(mirror) == ("once", BASE + 1)
    assert "Update LastYear.fm" in (state(mirror).last_error or "")


def test_following_goes_on_from_a_new_import(
    mirror: str, metabrainz: MetaBrainz, follow: Following, published: Path
) -> None:
    follow()
    wait_until(lambda: at(mirror) == ("twice", BASE + 2))
    music.publish(published, music.renamed("twice"), stamp="20260909-002519", replication_sequence=BASE + 5)
    wait_until(lambda: imported(mirror, published))
    publish(metabrainz.folder, BASE + 6, retitled("twice", "anew"))
    wait_until(lambda: at(mirror) == ("anew", BASE + 6))


def imported(url: str, folder: Path) -> bool:
    """Unless a packet is being applied just now."""
    try:
        import_export(url, str(folder))
    except MirrorError:
        return False
    return True
