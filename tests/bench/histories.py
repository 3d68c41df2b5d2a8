"""`lastyear years` with a million plays: how long it takes, against copying the rows, and how much memory."""

import csv
import os
import random
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

from demo import services
from mirror.database import connect
from mirror.importing.load import import_export
from tests.bench import invented_names
from tests.bench.installation import Figure, Installation
from tests.bench.large_exports import FIRST_UNUSED, write_large_export
from tests.processes import BIN

RELEASE_GROUPS = 100_000
PLAYS, FEWER_PLAYS, ALBUMS = 1_000_000, 100_000, 40_000
MISSPELLED, UNKNOWN_TITLES, UNKNOWN_ARTISTS = 0.04, 0.04, 0.02  # shares of the albums
MOST_SECONDS, MOST_RATIO, MOST_MEMORY_RATIO = 30, 10, 1.3
HEADER = ("uts", "utc_time", "artist", "artist_mbid", "album", "album_mbid", "track", "track_mbid")

Names = tuple[str, str]


@dataclass(frozen=True)
class _Run:
    seconds: float
    processor_seconds: float
    megabytes: float
    told: str


def measure(installation: Installation) -> Iterator[Figure]:
    """Give the plays of two listeners of a lifetime their years, on a mirror of their own."""
    owner = services.create_database(installation.admin, "bench_histories")
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_large_export(folder, RELEASE_GROUPS * 100 // 78 + 1)
        import_export(owner, str(folder), report=lambda _: None)
        albums = _albums(owner)
        history, fewer = folder / "history.csv", folder / "fewer.csv"
        _write_history(history, albums, PLAYS)
        _write_history(fewer, albums, FEWER_PLAYS)
        small = _run(installation, owner, fewer)
        large = _run(installation, owner, history)
        copied = _copy(history, folder / "copy.csv")
    ratio, memory = large.processor_seconds / copied, large.megabytes / small.megabytes
    yield Figure(
        f"release years for a history of {PLAYS:,} plays of {ALBUMS:,} albums, {RELEASE_GROUPS:,} release groups",
        f"< {MOST_SECONDS} s",
        f"{large.seconds:.1f} s, {large.processor_seconds:.1f} of them at work; {large.told}",
        large.seconds < MOST_SECONDS,
    )
    yield Figure(
        "its processor time, compared with reading and writing the rows as CSV",
        f"<= {MOST_RATIO} x",
        f"{ratio:.1f} x ({copied:.1f} s)",
        ratio <= MOST_RATIO,
    )
    yield Figure(
        f"its memory, compared with {FEWER_PLAYS:,} plays",
        f"<= {MOST_MEMORY_RATIO} x",
        f"{memory:.2f} x ({large.megabytes:.0f} MB)",
        memory <= MOST_MEMORY_RATIO,
    )


def _albums(owner: str) -> Sequence[Names]:
    """Draw the albums that are played, most of them spelled as in the mirror."""
    draw = random.Random("histories")
    query = """
        SELECT artist_credit.name, release_group.name
        FROM unnest(%s::integer[]) AS drawn (id)
        JOIN release_group USING (id)
        JOIN artist_credit ON artist_credit.id = release_group.artist_credit
    """
    with connect(owner) as connection:
        known = connection.execute(query, [draw.sample(range(1, RELEASE_GROUPS + 1), ALBUMS)]).fetchall()
    albums = [_respelled(draw, str(artist), str(title)) for artist, title in known]
    draw.shuffle(albums)
    return albums


def _respelled(draw: random.Random, artist: str, title: str) -> Names:
    kind = draw.random()
    if kind < MISSPELLED:
        at = draw.randrange(len(title))
        return artist, f"{title[:at]}{title[at + 1 :]}"
    unused = 3 * FIRST_UNUSED + draw.randrange(FIRST_UNUSED)
    if kind < MISSPELLED + UNKNOWN_TITLES:
        return artist, invented_names.album_title(unused)
    if kind < MISSPELLED + UNKNOWN_TITLES + UNKNOWN_ARTISTS:
        return invented_names.artist_name(unused), invented_names.album_title(unused)
    return artist, title


def _write_history(path: Path, albums: Sequence[Names], plays: int) -> None:
    """Write plays of the albums, of which the one of rank n is played 1/n times as often as the first."""
    draw = random.Random(plays)
    weights = list(accumulate(1 / rank for rank in range(1, len(albums) + 1)))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{','.join(HEADER)}\n")
        rows = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for second, (artist, album) in enumerate(
            draw.choices(albums, cum_weights=weights, k=plays), 1_577_880_000
        ):
            rows.writerow((second, "01 Jan 2020, 12:00", artist, "", album, "", "A song of some length", ""))


def _run(installation: Installation, url: str, history: Path) -> _Run:
    """Run the command with its progress and its output as in a pipeline."""
    command = [str(BIN / "lastyear"), "years", str(history), "--output", str(history.with_suffix(".years.csv"))]
    environ = {**os.environ, **installation.environ, "MIRROR_URL": url}
    began, most, before = time.perf_counter(), 0, os.times()
    with history.with_suffix(".told").open("w+", encoding="utf-8") as told:
        with subprocess.Popen(command, env=environ, stderr=told) as process:
            while process.poll() is None:
                most = max(most, _most_memory(process.pid))
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
        seconds, after = time.perf_counter() - began, os.times()
        told.seek(0)
        lines = told.read().splitlines()
    if process.returncode:
        raise RuntimeError("\n".join(lines))
    [coverage] = [line for line in lines if line.startswith("Release year known")]
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return _Run(seconds, processor, most * 1024 / 1e6, coverage.partition(".")[0])


def _most_memory(pid: int) -> int:
    """Return the most that a process has had in memory, in KB; 0 once it has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
    return 0


def _copy(history: Path, copy: Path) -> float:
    """Return the processor time that reading and writing the rows takes."""
    began = time.process_time()
    with (
        history.open(encoding="utf-8", newline="") as source,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        csv.writer(target).writerows(csv.reader(source))
    return time.process_time() - began
