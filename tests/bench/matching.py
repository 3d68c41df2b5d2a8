"""Matching by name among a million release groups: how fast, how right, how large the index."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import psycopg

from demo import parts
from demo.archive import Row as TableRow
from mirror.candidates import artists_named
from mirror.database import Connection, connect
from mirror.index import key_hash
from mirror.load import Progress, import_export
from mirror.match import match
from mirror.names import artist_keys
from mirror.question import Wanted
from tests.bench import words
from tests.bench.exports import OTHERS, write_export
from tests.bench.labelled import compare
from tests.bench.spellings import BASE, tables
from tests.bench.stage import Row, Stage

GROUPS = 1_000_000
BATCH, BATCHES, LEAST_PER_SECOND = 200, 200, 10_000
ALONE, WARMING, MOST_MILLISECONDS = 300, 30, 20
YEAR, MOST_SECONDS = 4_000, 2.0
NO_MBID, EXACT, SLIPPED = 0.4, 0.5, 0.25  # shares of these albums, and of those without an MBID
EVERYDAY = "abcdefghijklmnopqrstuvwxyz"

Names = tuple[str, str]


def measure(stage: Stage, groups: int = GROUPS) -> Iterator[Row]:
    """All on one mirror with a database of its own."""
    owner, steps = parts.database(stage.admin, "bench_matching"), _Steps()
    with TemporaryDirectory() as folder:
        write_export(Path(folder), groups * 100 // 78 + 1, _embedded())
        import_export(owner, folder, report=steps)
    millions = groups / 1e6
    tail = sum(steps.seconds[step] for step in ("release_group dates", "names", "indexes")) / millions
    told = f"{tail:.0f} s, index {_size(owner) / millions:.0f} MB"
    yield Row("names, dates and keys behind the last table, per million release groups", "", told, reached=True)
    with connect(owner) as connection:
        draw = _Draw(connection, groups)
        yield _exact_keys(connection, draw)
        yield from _one_at_a_time(connection, draw)
        yield _year(connection, draw)
        yield from compare(connection, owner)


class _Steps:
    """How long each step of an import took, by what it reports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._step, self._since = "", time.perf_counter()

    def __call__(self, progress: Progress) -> None:
        now = time.perf_counter()
        self.seconds[self._step] += now - self._since
        self._step, self._since = progress.table, now


def _embedded() -> dict[str, list[TableRow]]:
    """The labelled set's rows; Various Artists are there already."""
    rows = tables()
    return {**rows, "artist": [row for row in rows["artist"] if int(str(row[0])) >= BASE]}


def _size(owner: str) -> float:
    query = """
        SELECT pg_total_relation_size('musicbrainz.album_name') + pg_total_relation_size('musicbrainz.artist_name')
    """
    with psycopg.connect(owner) as connection:
        row = connection.execute(query).fetchone()
    return row[0] / 1e6 if row else 0.0


class _Draw:
    """Albums drawn from the mirror and around it, the same in every run."""

    def __init__(self, connection: Connection, groups: int) -> None:
        self._connection, self._groups = connection, groups
        self._random, self._unused = random.Random("matching"), count(2 * OTHERS)

    def known(self, number: int) -> list[Names]:
        """Albums spelled as in the mirror."""
        query = """
            SELECT artist_credit.name, release_group.name
            FROM unnest(%s::integer[]) WITH ORDINALITY AS drawn (id, place)
            JOIN release_group USING (id)
            JOIN artist_credit ON artist_credit.id = release_group.artist_credit
            ORDER BY place
        """
        drawn = [self._random.randint(1, self._groups) for _ in range(number)]
        rows = self._connection.execute(query, [drawn])
        return [(str(artist), str(title)) for artist, title in rows]

    def unknown_artists(self, number: int) -> list[str]:
        """Names like those of the mirror, which nobody in it has."""
        return list(islice(filter(self._is_unknown, map(words.artist, self._unused)), number))

    def unknown(self, number: int) -> list[Names]:
        """Albums of such artists."""
        return [(artist, words.title(next(self._unused))) for artist in self.unknown_artists(number)]

    def untitled(self, number: int) -> list[Names]:
        """Albums that their artists have not made."""
        return [(artist, words.title(next(self._unused))) for artist, _ in self.known(number)]

    def generic(self, number: int) -> list[Names]:
        """ "Greatest Hits" and the like by artists who are not there."""
        return [(artist, self._random.choice(words.GENERIC)) for artist in self.unknown_artists(number)]

    def slipped(self, number: int, *, artist: bool, title: bool) -> list[Names]:
        """Albums with a letter wrong in one of the names or in both, each long enough that one can tell."""
        long = [names for names in self.known(number * 3) if min(map(len, names)) >= 9]
        return [
            (self._slip(names[0]) if artist else names[0], self._slip(names[1]) if title else names[1])
            for names in long[:number]
        ]

    def shuffled(self, albums: Sequence[Names]) -> list[Names]:
        return self._random.sample(albums, len(albums))

    def _is_unknown(self, artist: str) -> bool:
        return not artists_named(self._connection, [key_hash(key) for key in artist_keys(artist)])

    def _slip(self, name: str) -> str:
        """The name with a letter lost, changed, brought in, or gone behind the next."""
        at = self._random.randrange(1, len(name) - 2)
        head, letter, following, tail = name[:at], name[at], name[at + 1], name[at + 2 :]
        other = self._random.choice(EVERYDAY)
        return (
            head
            + self._random.choice([following, other + following, letter + other + following, following + letter])
            + tail
        )


def _exact_keys(connection: Connection, draw: _Draw) -> Row:
    albums = _wanted(draw.known(BATCH * BATCHES))
    _batches(connection, albums, slips=False)  # reads what will be asked for into memory
    seconds, found = min(_batches(connection, albums, slips=False) for _ in range(3))
    rate = len(albums) / seconds
    return Row(
        f"matching by exact keys, batches of {BATCH}",
        f">= {LEAST_PER_SECOND:,} albums a second",
        f"{rate:,.0f} albums a second, {found / len(albums):.0%} found",
        rate >= LEAST_PER_SECOND,
    )


def _one_at_a_time(connection: Connection, draw: _Draw) -> Iterator[Row]:
    number = ALONE + WARMING
    kinds = {
        "neither there": draw.unknown(number),
        "artist there, title not": draw.untitled(number),
        "slip in the title": draw.slipped(number, artist=False, title=True),
        "slip in the artist": draw.slipped(number, artist=True, title=False),
        "slips in both": draw.slipped(number, artist=True, title=True),
        "generic title, artist not there": draw.generic(number),
    }
    for kind, names in kinds.items():
        runs = [_clocked(connection, album) for album in _wanted(names)][WARMING:]
        times = [milliseconds for milliseconds, _ in runs]
        slowest = quantiles(times, n=20)[-1]
        found = sum(found for _, found in runs)
        yield Row(
            f"one album, {kind}: 95 of 100 within",
            f"<= {MOST_MILLISECONDS} ms",
            f"{slowest:.1f} ms, median {median(times):.1f} ms, {found / len(runs):.0%} found",
            slowest <= MOST_MILLISECONDS,
        )


def _year(connection: Connection, draw: _Draw) -> Row:
    """What is left for the names after a year of 12,000 plays."""
    number = int(YEAR * NO_MBID)
    exact, slipped = int(number * EXACT), int(number * SLIPPED)
    wrong_in = [(False, True), (True, False), (True, True)]
    albums = draw.known(exact)
    for artist, title in wrong_in:
        albums += draw.slipped(slipped // len(wrong_in), artist=artist, title=title)
    left = number - len(albums)
    albums += draw.unknown(left // 2) + draw.untitled(left - left // 2)
    seconds, found = _batches(connection, _wanted(draw.shuffled(albums)), slips=True)
    return Row(
        f"a year's {number:,} albums without an MBID, batches of {BATCH}",
        f"< {MOST_SECONDS:g} s",
        f"{seconds:.2f} s, {found / number:.0%} found",
        seconds < MOST_SECONDS,
    )


def _wanted(names: Sequence[Names]) -> list[Wanted]:
    return [Wanted(artist, title) for artist, title in names]


def _batches(connection: Connection, albums: Sequence[Wanted], *, slips: bool) -> tuple[float, int]:
    """The seconds it takes to match them all, and how many are found."""
    began, found = time.perf_counter(), 0
    for at in range(0, len(albums), BATCH):
        found += sum(map(bool, match(connection, albums[at : at + BATCH], slips=slips)))
    return time.perf_counter() - began, found


def _clocked(connection: Connection, album: Wanted) -> tuple[float, bool]:
    began = time.perf_counter()
    [found] = match(connection, [album])
    return (time.perf_counter() - began) * 1000, found is not None
