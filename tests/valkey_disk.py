"""A Valkey whose disk is full at times: then it answers, and refuses whatever would change it (MISCONF)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import ResponseError

from demo import services
from tests.conftest import wait_until

NOW_AND_THEN = "3600 1000000"  # without any time to save at, it would not mind that it cannot


class Disk:
    """The disk of a Valkey."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.redis = Redis.from_url(url)
        self._in_the_way = folder / "dump.rdb"

    def fill(self) -> None:
        """Let there be no room: where the snapshot should go there is a folder."""
        self._in_the_way.unlink(missing_ok=True)
        self._in_the_way.mkdir()
        self._save()
        wait_until(lambda: not self._takes_writes())

    def make_room(self) -> None:
        """Let there be room again."""
        self._in_the_way.rmdir()
        self._save()
        wait_until(self._takes_writes)

    def _save(self) -> None:
        self.redis.bgsave()
        wait_until(lambda: not self.redis.info("persistence")["rdb_bgsave_in_progress"])

    def _takes_writes(self) -> bool:
        try:
            return bool(self.redis.set("written", 1))
        except ResponseError:
            return False


@contextmanager
def valkey_with_disk(folder: Path) -> Iterator[Disk]:
    """Run a Valkey with such a disk."""
    with services.valkey(folder, save=NOW_AND_THEN, appendonly="no") as url:
        disk = Disk(folder, url)
        try:
            yield disk
        finally:
            disk.redis.close()
