"""The doctor on covers: how many are kept, whether the archive or a disk is in trouble. It calls nobody."""

import pytest
from redis import Redis

from app.counters.counts import increment
from app.redis import cover_archive, covers
from app.redis.covers import FolderSize
from tests.integration.worker.doctor.conftest import Looked
from worker.doctor import State


def test_it_says_how_many_are_kept_and_how_many_were_here(findings: Looked, redis: Redis) -> None:
    assert findings()["covers"].seen == "none are kept yet"
    covers.note_folder(redis, FolderSize("web1", 1234, 21_000_000))
    for outcome, times in (("shown", 97), ("waiting", 3), ("missing", 20)):
        increment(redis, "cover_views", outcome, by=times)
    found = findings()["covers"]
    assert found.state == State.WELL
    assert found.seen == "1,234 covers, 21 of 500 MB; 97\u00a0% of those asked for were here"
    covers.note_folder(redis, FolderSize("web2", 1, 8192))
    assert "1,234 covers, 21 of 500 MB on web1; 1 cover, 0 of 500 MB on web2;" in findings()["covers"].seen


def test_an_archive_that_is_away_is_news_after_an_hour(
    findings: Looked, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        cover_archive.note_trouble(redis, "coverartarchive.org: ConnectTimeout")
    found = findings()["covers"]
    assert found.state == State.WELL
    assert "the Cover Art Archive is away for" in found.seen
    assert "ConnectTimeout" in found.seen
    seconds, _ = redis.time()
    redis.hset("lastyear:covers:trouble", "since", seconds - 2 * 3600)
    found = findings()["covers"]
    assert (found.state, found.seen[:49]) == (State.WARNING, "the Cover Art Archive is away for 2 hours (covera")
    assert "`curl -sI https://coverartarchive.org`" in found.mend


def test_a_disk_that_takes_no_covers_is_named(findings: Looked, redis: Redis) -> None:
    covers.note_full_disk(redis, "web1")
    found = findings()["covers"]
    assert found.state == State.WARNING
    assert found.seen.startswith("web1 cannot keep any: the disk is full")


def test_what_is_switched_off_or_cannot_be_known_is_said(findings: Looked) -> None:
    assert findings(cover_art_url="")["covers"].seen == "switched off"
    found = findings(redis_url="redis://127.0.0.1:1/0")["covers"]
    assert found.unknown
