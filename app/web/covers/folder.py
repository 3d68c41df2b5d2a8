"""The folder of covers: two small files each, within a bound. Those that were shown longest ago give way."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from uuid import UUID

SHOWN_EVERY = 24 * 3600
"""Seconds after which it is noted again that a cover was shown."""
ROOM_MADE = 0.1
"""The part of the bound that is emptied when it is reached, so that this is seldom."""
BLOCK = 4096
"""A file takes a multiple of so many bytes on disk."""
LEFT_OVER = 3600
"""Seconds after which a half-written file is left over from a crash."""


@dataclass(frozen=True)
class KeptCover:
    """A cover in one size."""

    picture: bytes
    was_due: bool
    """Whether it had not been shown for a day."""


class CoverFolder:
    """Covers in `folder`, up to `most` bytes of its disk. One process writes to it.

    The time of a file's last change is when it was shown last, to the day: what file systems note of reading, they
    may leave out.
    """

    def __init__(self, folder: Path, most: int, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._most, self._clock = folder, most, clock
        self.bytes = self.files = 0
        """What is in it, as far as it was measured."""

    def read(self, release_group: UUID, size: int) -> KeptCover | None:
        """Return the cover; None if it is not here."""
        path = self._path(release_group, size)
        try:
            with path.open("rb") as file:
                picture, shown_at = file.read(), os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        was_due = not 0 <= self._clock() - shown_at < SHOWN_EVERY
        if was_due:
            with suppress(OSError):
                os.utime(path, (self._clock(), self._clock()))
        return KeptCover(picture, was_due) if picture else None

    def write(self, release_group: UUID, pictures: Mapping[int, bytes]) -> None:
        """Keep a cover in all its sizes. Raises OSError where the disk is full."""
        for size, picture in pictures.items():
            self._write(self._path(release_group, size), picture)

    def drop(self, release_group: UUID, sizes: Iterator[int] | tuple[int, ...]) -> None:
        """Remove a cover."""
        for size in sizes:
            self._remove(self._path(release_group, size))

    def measure(self, pause: Callable[[], object]) -> None:
        """Count what is in the folder, and remove what a crash has left half written. Calls `pause` in between."""
        found = [(size, 1) for _, size, _ in self._entries(pause)]
        self.bytes, self.files = sum(size for size, _ in found), len(found)

    @property
    def is_full(self) -> bool:
        """Whether there is more in it than there may be."""
        return self.bytes > self._most

    def make_room(self, pause: Callable[[], object]) -> int:
        """Remove the covers that were shown longest ago. Calls `pause` in between. Returns how many files went."""
        entries = sorted(self._entries(pause))
        self.bytes, self.files = sum(size for _, size, _ in entries), len(entries)
        removed = 0
        for _, _, path in entries:
            if self.bytes <= self._most * (1 - ROOM_MADE):
                break
            self._remove(path)
            removed += 1
            if removed % 100 == 0:
                pause()
        return removed

    def _path(self, release_group: UUID, size: int) -> Path:
        return self._folder / release_group.hex[:2] / f"{release_group}-{size}.webp"

    def _write(self, path: Path, picture: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        before = _taken(path)
        half = path.with_name(f"{path.name}.{token_hex(4)}")
        try:
            half.write_bytes(picture)
            half.replace(path)
        except OSError:
            with suppress(OSError):
                half.unlink()
            raise
        self.bytes += _rounded(len(picture)) - before
        self.files += not before

    def _remove(self, path: Path) -> None:
        taken = _taken(path)
        with suppress(OSError):
            path.unlink()
            self.bytes -= taken
            self.files -= 1

    def _entries(self, pause: Callable[[], object]) -> Iterator[tuple[float, int, Path]]:
        """Yield when each file was shown last, what it takes and where it is."""
        for part in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            pause()
            with suppress(OSError), os.scandir(part) as found:
                for entry in found:
                    kept = entry.stat()
                    if entry.name.endswith(".webp"):
                        yield kept.st_mtime, _rounded(kept.st_size), Path(entry.path)
                    elif self._clock() - kept.st_mtime > LEFT_OVER:
                        Path(entry.path).unlink()


def _taken(path: Path) -> int:
    try:
        return _rounded(path.stat().st_size)
    except OSError:
        return 0


def _rounded(size: int) -> int:
    return max(1, -(-size // BLOCK)) * BLOCK
