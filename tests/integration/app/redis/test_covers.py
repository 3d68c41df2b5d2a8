"""What machines keep of covers is told as long as they are there."""

from datetime import timedelta

import pytest
from redis import Redis

from app.redis import covers
from app.redis.covers import FolderSize, note_folder, read_folders

WEB1, WEB2 = FolderSize("web1", 7, 123_456), FolderSize("web2", 8, 200_000)


def test_a_machine_that_is_gone_is_forgotten(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    note_folder(redis, WEB1)
    note_folder(redis, WEB2)
    assert read_folders(redis) == [WEB1, WEB2]
    assert 0 < redis.ttl("lastyear:covers:folders") <= covers.FOLDER_HOLDS.total_seconds()
    redis.zincrby("lastyear:covers:folders-noted", -timedelta(days=8).total_seconds(), "web1")
    assert read_folders(redis) == [WEB2]
    note_folder(redis, WEB2)
    assert redis.hkeys("lastyear:covers:folders") == [b"web2"]
    assert redis.zrange("lastyear:covers:folders-noted", 0, -1) == [b"web2"]
