"""The folder of covers: it keeps to its bound, whatever it holds, and survives crashes and full disks."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.web.covers import folder as covers_folder
from app.web.covers.folder import BLOCK, SHOWN_EVERY, CoverFolder

DAY = 24 * 3600.0
SMALL = {64: b"small"}
LARGE = {64: b"s" * BLOCK, 250: b"l" * (BLOCK + 1)}


class Clock:
    """A clock that tests set forward."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture
def folder_of(tmp_path: Path, clock: Clock) -> Callable[[int], CoverFolder]:
    """Makes a folder with room for so many small covers."""
    return lambda covers: CoverFolder(tmp_path / "covers", covers * BLOCK, clock)


def put(folder: CoverFolder, clock: Clock, count: int) -> list[UUID]:
    """Puts covers into the folder, a day apart, as if each were shown at once."""
    names = []
    for _ in range(count):
        name = uuid4()
        folder.write(name, SMALL)
        assert folder.read(name, 64)
        names.append(name)
        clock.now += DAY
    return names


def rest() -> None:
    """Lets nobody in."""


def test_what_is_kept_is_there_in_each_size(folder_of: Callable[[int], CoverFolder]) -> None:
    folder, name = folder_of(10), uuid4()
    assert folder.read(name, 64) is None
    folder.write(name, LARGE)
    kept = folder.read(name, 250)
    assert kept
    assert kept.picture == LARGE[250]
    assert (folder.bytes, folder.files) == (3 * BLOCK, 2), "what files take of the disk, in whole blocks"
    folder.write(name, SMALL)
    assert (folder.bytes, folder.files) == (3 * BLOCK, 2), "the newer one is in the place of the other"
    folder.drop(name, (64, 250))
    assert folder.read(name, 64) is folder.read(name, 250) is None
    assert (folder.bytes, folder.files) == (0, 0)


def test_those_that_were_shown_longest_ago_give_way(folder_of: Callable[[int], CoverFolder], clock: Clock) -> None:
    folder = folder_of(10)
    names = put(folder, clock, 11)
    assert folder.is_full
    assert folder.read(names[0], 64), "the oldest is shown again"
    assert folder.make_room(rest) == 2, "down to nine tenths"
    gone = [name for name in names if folder.read(name, 64) is None]
    assert gone == names[1:3]
    assert not folder.is_full


def test_that_a_cover_was_shown_is_noted_once_a_day(folder_of: Callable[[int], CoverFolder], clock: Clock) -> None:
    folder, name = folder_of(10), uuid4()
    folder.write(name, SMALL)
    os.utime(next(Path(folder._folder).rglob("*.webp")), (clock.now, clock.now))
    kept = [folder.read(name, 64), folder.read(name, 64)]
    clock.now += SHOWN_EVERY + 1
    kept += [folder.read(name, 64), folder.read(name, 64)]
    assert [one.was_due for one in kept if one] == [False, False, True, False]


def test_a_folder_is_measured_and_left_over_halves_go(
    folder_of: Callable[[int], CoverFolder], clock: Clock, tmp_path: Path
) -> None:
    folder = folder_of(10)
    put(folder, clock, 5)
    half = next((tmp_path / "covers").rglob("*.webp"))
    half = half.with_name(f"{half.name}.0a0b0c0d")
    half.write_bytes(b"half")
    again = folder_of(10)
    os.utime(half, (clock.now - 60, clock.now - 60))
    again.measure(rest)
    assert (again.bytes, again.files) == (5 * BLOCK, 5)
    assert half.exists(), "somebody may be writing it"
    os.utime(half, (clock.now - 7200, clock.now - 7200))
    again.measure(rest)
    assert not half.exists()


def test_an_empty_or_missing_folder_is_no_trouble(folder_of: Callable[[int], CoverFolder]) -> None:
    folder = folder_of(1)
    folder.measure(rest)
    assert folder.make_room(rest) == 0
    folder.drop(uuid4(), (64, 250))
    assert (folder.bytes, folder.files) == (0, 0)


def test_a_full_disk_leaves_what_was_there_and_no_half(
    folder_of: Callable[[int], CoverFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, name = folder_of(10), uuid4()
    folder.write(name, SMALL)

    def no_room(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_room)
    with pytest.raises(OSError, match="No space left"):
        folder.write(name, {64: b"newer"})
    kept = folder.read(name, 64)
    assert kept
    assert kept.picture == b"small"
    assert len([path for path in (tmp_path / "covers").rglob("*") if path.is_file()]) == 1
    assert folder.bytes == BLOCK


def test_others_are_let_in_while_much_is_removed(
    folder_of: Callable[[int], CoverFolder], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(covers_folder, "ROOM_MADE", 1.0)
    folder, pauses = folder_of(1), list[int]()
    put(folder, clock, 250)
    folder.make_room(lambda: pauses.append(1))
    assert folder.files == 0
    assert len(pauses) >= 2 + 100
