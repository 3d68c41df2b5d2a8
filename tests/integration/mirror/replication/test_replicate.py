"""Replication from a packet server: how far it goes, when it tries again, when it ends."""

import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from demo.musicbrainz.stand_in import DownloadFault, MetaBrainzStandIn
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
from mirror.importing.load import import_export
from mirror.importing.swap import IMPORT_LOCK
from mirror.replication.packet_source import PacketSource
from mirror.replication.replicate import (
    REPLICATION_LOCK,
    ReplicationOptions,
    ReplicationProgress,
    ReplicationResult,
    Report,
    replicate,
)
from mirror.state import MirrorState, mirror_state
from tests.conftest import PATIENCE, wait_until
from tests.integration.mirror import music
from tests.integration.mirror.music import group
from tests.integration.mirror.packets import BASE, Edit, publish

NEXT = f"replication-{BASE + 1}-v2.tar.bz2"


def retitled(before: str, after: str) -> list[Edit]:
    return [("release_group", group(1, "rumours", before), group(1, "rumours", after))]


@pytest.fixture
def metabrainz(tmp_path: Path) -> Iterator[MetaBrainzStandIn]:
    """A server with two packets."""
    publish(tmp_path, BASE + 1, retitled("Rumours", "once"))
    publish(tmp_path, BASE + 2, retitled("once", "twice"))
    with MetaBrainzStandIn(tmp_path) as server:
        yield server


def run(
    url: str,
    metabrainz: MetaBrainzStandIn,
    *,
    follow: bool = False,
    profile: str | None = None,
    report: Report = lambda progress: None,
    stop: Event | None = None,
) -> ReplicationResult:
    source = PacketSource(metabrainz.packet_url, metabrainz.token)
    options = ReplicationOptions(follow, profile, retry_pauses=(0.0, 0.0), poll_seconds=0.02)
    return replicate(url, source, options, report=report, stop=stop)


def state(url: str) -> MirrorState:
    with connect(url) as connection:
        found = mirror_state(connection)
    assert found is not None
    return found


def at(url: str) -> tuple[str, int | None]:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT name FROM musicbrainz.release_group WHERE id = 1").fetchone()
    assert row is not None
    return row[0], state(url).replication_sequence


def asked(metabrainz: MetaBrainzStandIn) -> list[str]:
    return [request.path.rpartition("/")[2] for request in metabrainz.requests]


def test_replication_applies_every_published_packet_and_ends(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    seen: list[ReplicationProgress] = []
    result = run(mirror, metabrainz, report=seen.append)
    assert result == ReplicationResult(BASE + 2, packets=2, changes=2, kept=2, drift=0)
    assert at(mirror) == ("twice", BASE + 2)
    assert [(progress.sequence, progress.newest) for progress in seen if progress.applied] == [
        (BASE + 1, BASE + 2),
        (BASE + 2, BASE + 2),
    ]
    assert seen[-1].waiting == "up to date"


def test_a_mirror_that_is_up_to_date_stays_as_it_is(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    run(mirror, metabrainz)
    assert run(mirror, metabrainz) == ReplicationResult(BASE + 2)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(DownloadFault(NEXT, times=2, status=503), id="503"),
        pytest.param(DownloadFault(NEXT, times=2, cut_after=100), id="torn"),
        pytest.param(DownloadFault(NEXT, times=2, wrong_byte=True), id="damaged"),
        pytest.param(DownloadFault("replication-info", times=None, status=500), id="no replication-info"),
    ],
)
def test_what_fails_twice_is_tried_a_third_time(
    mirror: str, metabrainz: MetaBrainzStandIn, fault: DownloadFault
) -> None:
    metabrainz.fail(fault)
    run(mirror, metabrainz)
    assert at(mirror) == ("twice", BASE + 2)


@pytest.mark.parametrize(
    ("fault", "error", "match"),
    [
        (DownloadFault(NEXT, times=3, status=500), PacketAway, "try again later.*status 500"),
        (DownloadFault(NEXT, times=3, cut_after=100), PacketAway, "torn: 100 of"),
        (DownloadFault(NEXT, times=3, wrong_byte=True), PacketBroken, "import a newer export"),
    ],
)
def test_what_fails_three_times_ends_the_replication_and_is_recorded(
    mirror: str, metabrainz: MetaBrainzStandIn, fault: DownloadFault, error: type[MirrorError], match: str
) -> None:
    metabrainz.fail(fault)
    with pytest.raises(error, match=match):
        run(mirror, metabrainz)
    assert asked(metabrainz).count(NEXT) == 3
    assert at(mirror) == ("Rumours", BASE)
    assert (state(mirror).last_error or "").startswith((error.__doc__ or "")[:30])
    run(mirror, metabrainz)
    assert state(mirror).last_error is None


def test_a_server_that_stalls_is_away(metabrainz: MetaBrainzStandIn) -> None:
    metabrainz.fail(DownloadFault(NEXT, stall=30, stall_after=50))
    source = PacketSource(metabrainz.packet_url, metabrainz.token, timeout=0.2)
    with pytest.raises(PacketAway, match="torn: TimeoutError"), source.download(BASE + 1):
        pass


def test_an_unreachable_packet_server_is_away(mirror: str) -> None:
    with pytest.raises(PacketAway, match="ConnectionRefusedError"):
        replicate(mirror, PacketSource("http://127.0.0.1:9/", "token"), ReplicationOptions(retry_pauses=()))


@pytest.mark.parametrize(
    ("token", "error"), [("", TokenMissing), ("Wr0ngToken", TokenRefused)], ids=["no token", "a wrong token"]
)
def test_without_a_valid_token_the_error_says_where_to_get_one(
    mirror: str, metabrainz: MetaBrainzStandIn, token: str, error: type[MirrorError]
) -> None:
    with pytest.raises(error, match=r"https://metabrainz\.org/profile.*METABRAINZ_TOKEN"):
        replicate(mirror, PacketSource(metabrainz.packet_url, token))


@pytest.mark.parametrize("status", [403, 500])
def test_the_token_appears_in_no_error_and_no_log(
    mirror: str, metabrainz: MetaBrainzStandIn, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    metabrainz.fail(DownloadFault("", times=None, status=status))
    with pytest.raises(MirrorError) as caught:
        run(mirror, metabrainz)
    error: BaseException | None = caught.value
    told = [caplog.text, repr(PacketSource("", metabrainz.token)), state(mirror).last_error]
    while error is not None:
        told += [repr(error), *traceback.format_exception(error)]
        error = error.__context__
    assert metabrainz.token not in str(told)


def test_a_missing_packet_is_told_apart_from_the_end(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    (metabrainz.folder / "packets" / NEXT).unlink()
    with pytest.raises(PacketMissing, match=f"import a newer export.*{BASE + 1}, the newest is {BASE + 2}"):
        run(mirror, metabrainz)


def test_a_mirror_whose_export_has_no_replication_sequence_cannot_be_replicated(
    empty_database: str, metabrainz: MetaBrainzStandIn, tmp_path: Path
) -> None:
    music.publish(tmp_path / "fullexport", replication_sequence=None)
    import_export(empty_database, str(tmp_path / "fullexport"))
    with pytest.raises(NotReplicable, match="no replication sequence"):
        run(empty_database, metabrainz)


def test_an_empty_mirror_must_be_imported_first(empty_database: str, metabrainz: MetaBrainzStandIn) -> None:
    with pytest.raises(MirrorEmpty, match="lastyear mirror import"):
        run(empty_database, metabrainz)


def test_another_profile_needs_another_import_and_the_error_says_why(
    mirror: str, metabrainz: MetaBrainzStandIn
) -> None:
    with pytest.raises(OtherProfile, match=r"contain only what has changed.*lastyear mirror import.*has albums"):
        run(mirror, metabrainz, profile="recordings")


def test_the_second_of_two_replications_ends(mirror: str, metabrainz: MetaBrainzStandIn) -> None:
    with psycopg.connect(mirror) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [REPLICATION_LOCK])
        with pytest.raises(ReplicationRunning, match="leave it to that one"):
            run(mirror, metabrainz)


Following = Callable[..., tuple[Thread, list[ReplicationProgress], list[object]]]


@pytest.fixture
def follow(mirror: str, metabrainz: MetaBrainzStandIn) -> Iterator[Following]:
    """Start to follow in a thread; give it, what it reports, and its outcome. Stopped at the end."""
    stop, threads = Event(), []

    def start() -> tuple[Thread, list[ReplicationProgress], list[object]]:
        seen: list[ReplicationProgress] = []
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
        thread.join(PATIENCE)


def test_following_continues_with_packets_published_later(
    mirror: str, metabrainz: MetaBrainzStandIn, follow: Following
) -> None:
    follow()
    wait_until(lambda: at(mirror) == ("twice", BASE + 2))
    publish(metabrainz.folder, BASE + 3, retitled("twice", "thrice"))
    wait_until(lambda: at(mirror) == ("thrice", BASE + 3))


def test_following_survives_temporary_errors(
    mirror: str, metabrainz: MetaBrainzStandIn, follow: Following
) -> None:
    metabrainz.fail(DownloadFault(NEXT, times=4, status=503))
    with psycopg.connect(mirror, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [IMPORT_LOCK])  # as an import does
        _, seen, _ = follow()
        wait_until(lambda: any("An import is running" in progress.waiting for progress in seen))
        backends = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%replicate'"
        )

        def noticed() -> bool:
            admin.execute(backends)  # as a restart of the server does; again where it was between two questions
            return any("cannot be reached" in progress.waiting for progress in seen)

        wait_until(noticed)
    wait_until(lambda: at(mirror) == ("twice", BASE + 2))


def test_following_ends_when_the_schema_changes(
    mirror: str, metabrainz: MetaBrainzStandIn, follow: Following
) -> None:
    publish(metabrainz.folder, BASE + 2, retitled("once", "twice"), schema_sequence=32)
    thread, _, outcome = follow()
    thread.join(PATIENCE)
    assert isinstance(outcome[0], SchemaChanged)
    assert at(mirror) == ("once", BASE + 1)
    assert "update LastYear.fm" in (state(mirror).last_error or "")


def test_following_continues_from_a_new_import(
    mirror: str, metabrainz: MetaBrainzStandIn, follow: Following, published: Path
) -> None:
    follow()
    wait_until(lambda: at(mirror) == ("twice", BASE + 2))
    music.publish(published, music.renamed("twice"), stamp="20260909-002519", replication_sequence=BASE + 5)
    wait_until(lambda: imported(mirror, published))
    publish(metabrainz.folder, BASE + 6, retitled("twice", "anew"))
    wait_until(lambda: at(mirror) == ("anew", BASE + 6))


def imported(url: str, folder: Path) -> bool:
    """Import, unless a packet is being applied just now; return whether it was done."""
    try:
        import_export(url, str(folder))
    except MirrorError:
        return False
    return True
