"""The keeper: shows the covers that are here, has workers fetch the others, and takes over what they bring.

No request waits for a cover: until it is here, something is drawn in its place.
"""

import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.counters.buffer import Buffer
from app.counters.counts import increment
from app.jobs.enqueue import enqueue_covers
from app.jobs.queues import QueueAway
from app.redis import cover_archive, covers
from app.redis.covers import SIZES, Fate, FolderSize
from app.settings import MEGABYTE, Settings
from app.web.covers.folder import CoverFolder

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""Between two looks at what workers have brought."""
AWAITED_SECONDS = 600.0
"""For how long a cover is awaited."""
CLOSE_SECONDS = 5.0
NOTED_SECONDS = 24 * 3600.0
"""After which the size of the folder is noted again, though it is the same."""
DISK_FULL_SECONDS = 60.0
"""For how long no cover is asked for after one could not be kept."""


class Outcome(StrEnum):
    """What there is to show, by the words of the counters."""

    SHOWN = "shown"
    MISSING = "missing"
    """There is none, or it could not be fetched: nothing will change soon."""
    WAITING = "waiting"


@dataclass(frozen=True)
class Found:
    """A cover, or why there is none."""

    outcome: Outcome
    picture: bytes = b""


class CoverKeeper:
    """The covers of this machine. A thread takes over what workers bring, and ends when nothing is awaited."""

    def __init__(self, settings: Settings, redis: Redis, counts: Buffer) -> None:
        self.secret = settings.covers_key
        self._redis, self._counts = redis, counts
        self.folder = CoverFolder(Path(settings.covers_folder), settings.covers_mb * MEGABYTE)
        self._awaited: OrderedDict[UUID, float] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._collector: threading.Thread | None = None
        self._has_collector = self._is_called = self._is_measured = False
        self._noted: FolderSize | None = None
        self._noted_at = -NOTED_SECONDS
        self._disk_full_at = -DISK_FULL_SECONDS

    def find(self, release_group: UUID, size: int, *, may_ask: Callable[[], bool]) -> Found:
        """Return the cover if it is here. Else have it fetched, if that was not tried lately and one `may_ask`."""
        found = self._find(release_group, size, may_ask=may_ask)
        self._counts.add("cover_views", found.outcome)
        return found

    def find_kept(self, release_group: UUID, size: int) -> Found | None:
        """Return the cover if it is in the folder. Has nothing fetched, and so may be asked by anybody."""
        kept = self.folder.read(release_group, size)
        if kept is None:
            return None
        self._counts.add("cover_views", Outcome.SHOWN)
        return Found(Outcome.SHOWN, kept.picture)

    def close(self) -> None:
        """End the thread, which uses Redis."""
        self._closed.set()
        if self._collector is not None:
            self._collector.join(CLOSE_SECONDS)

    def _find(self, release_group: UUID, size: int, *, may_ask: Callable[[], bool]) -> Found:
        kept = self.folder.read(release_group, size)
        try:
            if kept is None:
                return self._not_kept(release_group, size, may_ask=may_ask)
            if self._is_note_due:
                self._start_collector()  # also where no cover is awaited, as after a restart
            if kept.was_due:
                if covers.fate_of(self._redis, release_group) is Fate.UNKNOWN and may_ask():
                    self._ask_for(release_group)  # it is old, and MusicBrainz may have a better one
                self._start_collector()  # it notes every day that this machine is there
        except RedisError as error:
            log.warning("Redis does not say what became of a cover", reason=type(error).__name__)
        return Found(Outcome.SHOWN, kept.picture) if kept else Found(Outcome.WAITING)

    def _not_kept(self, release_group: UUID, size: int, *, may_ask: Callable[[], bool]) -> Found:
        said = covers.look_up(self._redis, [release_group])[release_group]
        if picture := said.pictures.get(size):
            self._keep(release_group, said.pictures)
            self._start_collector()  # it looks after the folder
            return Found(Outcome.SHOWN, picture)
        if said.fate in (Fate.MISSING, Fate.FAILED):
            return Found(Outcome.MISSING)
        if said.fate is not Fate.BEGUN and not self._is_disk_full and may_ask():
            if said.fate is Fate.FETCHED:  # for another machine, or it has given way here
                covers.forget_fate(self._redis, release_group)
            self._ask_for(release_group)
        return Found(Outcome.WAITING)

    def _ask_for(self, release_group: UUID) -> None:
        covers.want(self._redis, release_group)
        with self._lock:
            self._awaited[release_group] = time.monotonic()
            self._awaited.move_to_end(release_group)
            if len(self._awaited) > covers.MAX_WANTED:
                self._awaited.popitem(last=False)
        self._start_collector()

    def _start_collector(self) -> None:
        with self._lock:
            self._is_called = True
            if not self._has_collector and not self._closed.is_set():
                self._has_collector = True
                self._collector = threading.Thread(target=self._collect, name="covers", daemon=True)
                self._collector.start()

    def _collect(self) -> None:
        try:
            self._take_over_until_nothing_is_awaited()
        except BaseException:
            with self._lock:
                self._has_collector = False  # the next look starts another
            raise

    def _take_over_until_nothing_is_awaited(self) -> None:
        is_told = False
        while True:
            with self._lock:
                self._is_called = False
            try:
                self.take_over()
                is_told = False
            except (RedisError, QueueAway) as error:
                if not is_told:
                    log.warning("Covers wait for Redis", reason=type(error).__name__)
                is_told = True
            self._closed.wait(LOOK_SECONDS if self._awaited else 0)
            with self._lock:
                # Who called it meanwhile has started no other one.
                if not (self._awaited or self._is_called) or self._closed.is_set():
                    self._has_collector = False
                    return

    def take_over(self) -> None:
        """Keep what workers have brought, make room for it, and have them go on. Raises RedisError, QueueAway."""
        with self._lock:
            awaited = dict(self._awaited)
        too_old = time.monotonic() - AWAITED_SECONDS
        for release_group, said in covers.look_up(self._redis, awaited).items():
            if said.pictures:
                self._keep(release_group, said.pictures)
            elif said.fate is Fate.MISSING:
                self.folder.drop(release_group, SIZES)
            elif said.fate is not Fate.FAILED and awaited[release_group] > too_old:
                continue
            with self._lock:
                self._awaited.pop(release_group, None)
        self._look_after_folder()
        if self._awaited and covers.is_any_wanted(self._redis) and not cover_archive.is_away(self._redis):
            enqueue_covers(self._redis)

    def _keep(self, release_group: UUID, pictures: Mapping[int, bytes]) -> None:
        """Keep a cover in the folder. With a full disk it is shown from Redis for a while."""
        try:
            self.folder.write(release_group, pictures)
        except OSError as error:
            if not self._is_disk_full:
                log.error("A cover cannot be kept: look at COVERS_FOLDER and its disk", reason=str(error))
                covers.note_full_disk(self._redis, socket.gethostname())
            self._disk_full_at = time.monotonic()

    def _look_after_folder(self) -> None:
        """Measure the folder once, make room where it has too much, and note its size for the operator."""
        if not self._is_measured:
            self.folder.measure(_let_others_go_on)
            self._is_measured = True
        if self.folder.is_full:
            removed = self.folder.make_room(_let_others_go_on)
            increment(self._redis, "cover_files_evicted", by=removed)
        noted = FolderSize(socket.gethostname(), self.folder.files // len(SIZES), self.folder.bytes)
        if noted != self._noted or self._is_note_due:
            self._noted, self._noted_at = noted, time.monotonic()  # while Redis is away, not at every look
            covers.note_folder(self._redis, noted)

    @property
    def _is_note_due(self) -> bool:
        """Whether the size of the folder has not been noted for a while."""
        return time.monotonic() > self._noted_at + NOTED_SECONDS

    @property
    def _is_disk_full(self) -> bool:
        """Whether the folder has just refused a cover: then none is fetched for a while."""
        return time.monotonic() < self._disk_full_at + DISK_FULL_SECONDS


def _let_others_go_on() -> None:
    time.sleep(0)  # under gevent this lets other requests in
