"""Wanted covers: fetched one after the other, behind everything else; what fails is left alone for a while."""

import time
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from app.counters.counts import totals
from app.jobs.enqueue import enqueue_covers, enqueue_rematch
from app.jobs.queues import COVERS, QUEUES, queue
from app.redis import cover_archive, covers
from app.redis.covers import PAUSES, Fate
from app.redis.pause import pause
from demo.cover_art.stand_in import CoverArtStandIn, CoverFault
from demo.musicbrainz.catalogue import albums
from tests.integration.worker.conftest import SkippingClock
from worker.context import Clock, WorkerContext
from worker.covers.archive import CoverArchive
from worker.covers.wanted import MAX_SECONDS, fetch, fetch_wanted

ALBUMS = [album.group_mbid for album in albums() if album.group_mbid.int % 8]
FIRST, SECOND, THIRD, *_ = ALBUMS
WITHOUT = next(album.group_mbid for album in albums() if album.group_mbid.int % 8 == 0)


@pytest.fixture
def client(archive: CoverArtStandIn) -> CoverArchive:
    """Our client."""
    return CoverArchive(archive.url, "tests", max_seconds=30)


@pytest.fixture
def context(context: WorkerContext, archive: CoverArtStandIn, redis: Redis) -> WorkerContext:
    """What jobs work with. Whoever waits for the next call is given it at once."""
    skipping = SkippingClock()

    def sleep(seconds: float) -> None:
        assert 0 < seconds <= 1
        skipping.skip(seconds)
        redis.delete("lastyear:covers:turn")

    settings = context.settings.model_copy(update={"cover_art_url": archive.url})
    return replace(context, settings=settings, clock=Clock(skipping.now, sleep))


def asked(archive: CoverArtStandIn) -> list[UUID]:
    """The albums whose covers were asked for, in order."""
    return [UUID(path.split("/")[2]) for path, _ in archive.calls if path.startswith("/release-group/")]


def fate(redis: Redis, release_group: UUID) -> Fate:
    return covers.fate_of(redis, release_group)


def test_the_cover_that_was_asked_for_last_comes_first_and_each_once(
    context: WorkerContext, redis: Redis, archive: CoverArtStandIn, client: CoverArchive
) -> None:
    for group in (FIRST, SECOND, FIRST, THIRD, WITHOUT):
        covers.want(redis, group)
    fetch_wanted(context, client)
    assert asked(archive) == [WITHOUT, THIRD, FIRST, SECOND]
    found = covers.look_up(redis, [FIRST, WITHOUT])
    assert {*found[FIRST].pictures} == {64, 250}
    assert (found[FIRST].fate, found[WITHOUT].fate) == (Fate.FETCHED, Fate.MISSING)
    assert not found[WITHOUT].pictures
    counts = totals(redis)
    assert (counts["cover_fetches", "fetched"], counts["cover_fetches", "missing"]) == (3, 1)
    for group in (FIRST, WITHOUT):
        covers.want(redis, group)
    fetch_wanted(context, client)
    assert len(asked(archive)) == 4, "what is known is not asked for again"


def test_a_call_a_second_for_all(context: WorkerContext, redis: Redis, client: CoverArchive) -> None:
    began = context.clock.now()
    for group in ALBUMS[:5]:
        covers.want(redis, group)
    fetch_wanted(context, client)
    assert context.clock.now() - began > 3, "the time that a turn takes was let pass"
    assert cover_archive.seconds_to_turn(redis) > 0


@pytest.mark.parametrize("kind", ["truncated", "wrong_type", "bomb", "huge", "not_a_picture", "internal", "loop"])
def test_what_is_no_cover_rests_and_is_tried_again(
    redis: Redis, archive: CoverArtStandIn, client: CoverArchive, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.faults.append(CoverFault(kind, FIRST))
    assert fetch(redis, client, FIRST) in ("no_picture", "too_large", "redirect")
    assert fate(redis, FIRST) is Fate.FAILED
    assert not cover_archive.is_away(redis), "it has answered"
    archive.faults.clear()
    later = time.time() + PAUSES[0].total_seconds() + 5
    monkeypatch.setattr("time.time", lambda: later)
    assert fate(redis, FIRST) is Fate.UNKNOWN
    assert fetch(redis, client, FIRST) == "fetched"
    assert fate(redis, FIRST) is Fate.FETCHED


def test_a_cover_that_fails_again_and_again_rests_longer_each_time(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    for rest in (*PAUSES, PAUSES[-1]):
        monkeypatch.setattr("time.time", partial(float, now))
        covers.begin(redis, FIRST)
        assert fate(redis, FIRST) is Fate.BEGUN
        covers.mark_failed(redis, FIRST)
        monkeypatch.setattr("time.time", partial(float, now + rest.total_seconds() - 5))
        assert fate(redis, FIRST) is Fate.FAILED
        now += rest.total_seconds() + 5
        monkeypatch.setattr("time.time", partial(float, now))
        assert fate(redis, FIRST) is Fate.UNKNOWN


def test_a_picture_at_which_the_worker_dies_is_not_tried_again_at_once(redis: Redis) -> None:
    covers.want(redis, FIRST)
    assert covers.take_wanted(redis) == FIRST
    covers.begin(redis, FIRST)
    assert fate(redis, FIRST) is Fate.BEGUN, "and here the process ends"
    assert covers.take_wanted(redis) is None


def test_an_archive_that_is_away_is_left_alone_for_longer_each_time(
    context: WorkerContext, redis: Redis, archive: CoverArtStandIn, client: CoverArchive
) -> None:
    archive.faults.append(CoverFault("500", times=None))
    for group in ALBUMS[:9]:
        covers.want(redis, group)
    fetch_wanted(context, client)
    assert len(asked(archive)) == cover_archive.ENOUGH_FAILURES
    trouble = cover_archive.read_trouble(redis)
    assert trouble
    assert 25 < trouble.seconds_to_wait <= cover_archive.FIRST_PAUSE
    assert trouble.reason == "127.0.0.1: HTTP 500"
    assert covers.is_any_wanted(redis)
    assert fate(redis, asked(archive)[-1]) is Fate.UNKNOWN, "no cover is to blame for that"
    fetch_wanted(context, client)
    assert len(asked(archive)) == cover_archive.ENOUGH_FAILURES, "nobody calls"

    redis.hset("lastyear:covers:trouble", "until", 0)
    fetch_wanted(context, client)
    assert len(asked(archive)) == cover_archive.ENOUGH_FAILURES + 1, "one call finds out"
    trouble = cover_archive.read_trouble(redis)
    assert trouble
    assert 55 < trouble.seconds_to_wait <= 2 * cover_archive.FIRST_PAUSE
    redis.hset("lastyear:covers:trouble", "until", 0)
    archive.faults.clear()
    fetch_wanted(context, client)
    assert cover_archive.read_trouble(redis) is None
    assert not covers.is_any_wanted(redis)


def test_an_archive_that_is_busy_is_left_alone_at_once_and_never_for_longer_than_an_hour(redis: Redis) -> None:
    assert cover_archive.note_trouble(redis, "busy", told=120) == 120
    assert cover_archive.is_away(redis)
    for _ in range(9):
        assert cover_archive.note_trouble(redis, "busy", told=99999) >= 120
    trouble = cover_archive.read_trouble(redis)
    assert trouble
    assert trouble.seconds_to_wait <= cover_archive.LONGEST_PAUSE
    cover_archive.note_answer(redis)
    assert not cover_archive.is_away(redis)


def test_two_covers_that_fail_are_no_outage(
    context: WorkerContext, redis: Redis, archive: CoverArtStandIn, client: CoverArchive
) -> None:
    archive.faults += [CoverFault("500", group) for group in (FIRST, THIRD)]
    for group in (FIRST, SECOND, THIRD):
        covers.want(redis, group)
    fetch_wanted(context, client)
    assert [fate(redis, group) for group in (FIRST, SECOND, THIRD)] == [Fate.FAILED, Fate.FETCHED, Fate.FAILED]
    assert cover_archive.read_trouble(redis) is None


def run_one(context: WorkerContext, names: tuple[str, ...]) -> None:
    ours = [queue(context.redis, name) for name in names]
    SimpleWorker(ours, connection=context.redis, serializer=JSONSerializer).work(
        burst=True, max_jobs=1, logging_level="WARNING"
    )


@pytest.fixture
def as_job(context: WorkerContext, monkeypatch: pytest.MonkeyPatch) -> WorkerContext:
    """The context, as the job finds it."""
    monkeypatch.setattr("worker.jobs.from_environment", lambda: context)
    return context


def test_whoever_waits_for_a_worker_goes_first(
    as_job: WorkerContext, redis: Redis, archive: CoverArtStandIn
) -> None:
    covers.want(redis, FIRST)
    assert enqueue_covers(redis)
    assert not enqueue_covers(redis), "one job is enough"
    enqueue_rematch(redis)
    ours = [queue(redis, name) for name in QUEUES]
    worker = SimpleWorker(ours, connection=redis, serializer=JSONSerializer)
    job = queue(redis, COVERS).fetch_job("covers")
    assert job
    worker.execute_job(job, queue(redis, COVERS))  # as if it had been taken just before
    assert asked(archive) == []
    assert covers.is_any_wanted(redis)


def test_a_worker_of_covers_alone_gives_way_to_nobody(
    as_job: WorkerContext, redis: Redis, archive: CoverArtStandIn
) -> None:
    covers.want(redis, FIRST)
    enqueue_covers(redis)
    enqueue_rematch(redis)
    run_one(as_job, (COVERS,))
    assert asked(archive) == [FIRST]


def test_while_fetching_is_paused_covers_come(
    as_job: WorkerContext, redis: Redis, archive: CoverArtStandIn
) -> None:
    pause(redis)
    covers.want(redis, FIRST)
    enqueue_covers(redis)
    run_one(as_job, QUEUES)
    assert asked(archive) == [FIRST]


def test_no_worker_fetches_covers_for_longer_than_a_minute(
    context: WorkerContext, redis: Redis, client: CoverArchive, archive: CoverArtStandIn
) -> None:
    for group in ALBUMS[:100]:
        covers.want(redis, group)
    began = context.clock.now()
    fetch_wanted(context, client)
    assert context.clock.now() - began <= MAX_SECONDS + 2
    assert covers.is_any_wanted(redis), "the next job goes on"


def test_no_more_covers_wait_than_may(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covers, "MAX_WANTED", 3)
    for group in ALBUMS[:5]:
        covers.want(redis, group)
    assert [*iter(partial(covers.take_wanted, redis), None)] == ALBUMS[4:1:-1], "the first ones were given up"


def test_a_site_without_covers_fetches_none(
    as_job: WorkerContext, redis: Redis, archive: CoverArtStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = as_job.settings.model_copy(update={"cover_art_url": ""})
    monkeypatch.setattr("worker.jobs.from_environment", lambda: replace(as_job, settings=settings))
    covers.want(redis, FIRST)
    enqueue_covers(redis)
    run_one(as_job, QUEUES)
    assert archive.calls == []
