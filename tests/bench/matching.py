"""Matching by name among a million release groups: how fast, how accurate, how large the index is."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count, cycle, islice
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import psycopg

from demo import services
from demo.musicbrainz.export_writer import TableRow
from mirror.database import Connection, connect
from mirror.derived.name_index import key_hash
from mirror.derived.names import artist_keys
from mirror.importing.load import ImportProgress, import_export
from mirror.matching.candidates import artists_by_key
from mirror.matching.match import match
from mirror.matching.query import AlbumName
from tests.bench import invented_names
from tests.bench.installation import Figure, Installation
from tests.bench.large_exports import FIRST_UNUSED, write_large_export
from tests.bench.spelling_accuracy import measure_accuracy
from tests.bench.spellings import FIRST_ID, export_rows

RELEASE_GROUPS = 1_000_000
BATCH_SIZE, BATCHES, LEAST_ALBUMS_A_SECOND = 200, 200, 10_000
SINGLE_ALBUMS, WARM_UPS, MOST_MILLISECONDS = 300, 30, 20
ALBUMS_OF_A_YEAR, MOST_SECONDS_FOR_A_YEAR = 4_000, 2.0
NO_MBID, EXACT, MISSPELLED = 0.4, 0.5, 0.25  # shares of these albums, and of those without an MBID
LONG_NAME = 10_000  # characters
# What long names are made of: signs that titles are cut at, and letters that take several others.
PIECES = (
    "(",
    "()",
    " - ",
    ": ",
    "(Deluxe Edition) ",
    "vol. 1 ",
    "\u202eabba\u202c ",
    "さくら (Sakura) ",
    "🎹",
    "ﷺ",
    "e\u0301",
)
LETTERS = "abcdefghijklmnopqrstuvwxyz"

Names = tuple[str, str]


def measure(installation: Installation, groups: int = RELEASE_GROUPS) -> Iterator[Figure]:
    """Measure everything on one mirror, in a database of its own."""
    owner, steps = services.create_database(installation.admin, "bench_matching"), _Steps()
    with TemporaryDirectory() as folder:
        write_large_export(Path(folder), groups * 100 // 78 + 1, _labelled_rows())
        import_export(owner, folder, report=steps)
    millions = groups / 1e6
    tail = sum(steps.seconds[step] for step in ("release_group dates", "names", "indexes")) / millions
    measured = f"{tail:.0f} s, index {_index_megabytes(owner) / millions:.0f} MB"
    yield Figure(
        "index of names, dates and keys after the last table, per million release groups",
        "",
        measured,
        reached=True,
    )
    with connect(owner) as connection:
        draw = _Draw(connection, groups)
        yield _exact_keys(connection, draw)
        yield from _one_at_a_time(connection, draw)
        yield _albums_of_a_year(connection, draw)
        yield from measure_accuracy(connection, owner)


class _Steps:
    """Adds up how long each step of an import takes, from its progress reports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._step, self._since = "", time.perf_counter()

    def __call__(self, progress: ImportProgress) -> None:
        now = time.perf_counter()
        self.seconds[self._step] += now - self._since
        self._step, self._since = progress.step, now


def _labelled_rows() -> dict[str, list[TableRow]]:
    """Return the labelled set's rows, except for Various Artists, whom the export has already."""
    rows = export_rows()
    return {**rows, "artist": [row for row in rows["artist"] if int(str(row[0])) >= FIRST_ID]}


def _index_megabytes(owner: str) -> float:
    query = """
        SELECT pg_total_relation_size('musicbrainz.album_name') + pg_total_relation_size('musicbrainz.artist_name')
    """
    with psycopg.connect(owner) as connection:
        row = connection.execute(query).fetchone()
    return row[0] / 1e6 if row else 0.0


class _Draw:
    """Draws albums that the mirror has and others that it does not have, the same in every run."""

    def __init__(self, connection: Connection, groups: int) -> None:
        self._connection, self._groups = connection, groups
        self._random, self._unused = random.Random("matching"), count(2 * FIRST_UNUSED)

    def known(self, number: int) -> list[Names]:
        """Draw albums spelled as in the mirror."""
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
        """Draw artists' names that are like those of the mirror but not among them."""
        return list(islice(filter(self._is_unknown, map(invented_names.artist_name, self._unused)), number))

    def unknown(self, number: int) -> list[Names]:
        """Draw albums by artists that the mirror does not have."""
        return [
            (artist, invented_names.album_title(next(self._unused))) for artist in self.unknown_artists(number)
        ]

    def unknown_titles(self, number: int) -> list[Names]:
        """Draw titles that the mirror does not have, by artists that it has."""
        return [(artist, invented_names.album_title(next(self._unused))) for artist, _ in self.known(number)]

    def generic(self, number: int) -> list[Names]:
        """Draw titles like "Greatest Hits" by artists that the mirror does not have."""
        return [
            (artist, self._random.choice(invented_names.GENERIC_TITLES)) for artist in self.unknown_artists(number)
        ]

    def misspelled(self, number: int, *, artist: bool, title: bool) -> list[Names]:
        """Draw albums with a wrong letter in one or both of the names, which are long enough to be recognised."""
        long = [names for names in self.known(number * 3) if min(map(len, names)) >= 9]
        return [
            (self._misspell(names[0]) if artist else names[0], self._misspell(names[1]) if title else names[1])
            for names in long[:number]
        ]

    def long(self, number: int) -> list[Names]:
        """Draw titles and artists of ten thousand characters, the other name being one of the mirror."""
        names = zip(self.known(number), cycle(PIECES), strict=False)
        return [
            ((artist, piece * LONG_NAME) if place % 2 else (piece * LONG_NAME, title))
            for place, ((artist, title), piece) in enumerate(names)
        ]

    def shuffled(self, albums: Sequence[Names]) -> list[Names]:
        return self._random.sample(albums, len(albums))

    def _is_unknown(self, artist: str) -> bool:
        return not artists_by_key(self._connection, [key_hash(key) for key in artist_keys(artist)])

    def _misspell(self, name: str) -> str:
        """Omit, replace, insert or transpose a letter."""
        at = self._random.randrange(1, len(name) - 2)
        head, letter, following, tail = name[:at], name[at], name[at + 1], name[at + 2 :]
        other = self._random.choice(LETTERS)
        return (
            head
            + self._random.choice([following, other + following, letter + other + following, following + letter])
            + tail
        )


def _exact_keys(connection: Connection, draw: _Draw) -> Figure:
    albums = _album_names(draw.known(BATCH_SIZE * BATCHES))
    _batches(connection, albums, fuzzy=False)  # reads the rows into memory
    seconds, found = min(_batches(connection, albums, fuzzy=False) for _ in range(3))
    rate = len(albums) / seconds
    return Figure(
        f"matching by exact keys, batches of {BATCH_SIZE}",
        f">= {LEAST_ALBUMS_A_SECOND:,} albums a second",
        f"{rate:,.0f} albums a second, {found / len(albums):.0%} found",
        rate >= LEAST_ALBUMS_A_SECOND,
    )


def _one_at_a_time(connection: Connection, draw: _Draw) -> Iterator[Figure]:
    number = SINGLE_ALBUMS + WARM_UPS
    kinds = {
        "artist and title unknown": draw.unknown(number),
        "title unknown": draw.unknown_titles(number),
        "title misspelled": draw.misspelled(number, artist=False, title=True),
        "artist misspelled": draw.misspelled(number, artist=True, title=False),
        "both misspelled": draw.misspelled(number, artist=True, title=True),
        "generic title, artist unknown": draw.generic(number),
        f"a name of {LONG_NAME:,} characters and more": draw.long(number),
    }
    for kind, names in kinds.items():
        runs = [_clocked(connection, album) for album in _album_names(names)][WARM_UPS:]
        times = [milliseconds for milliseconds, _ in runs]
        slowest = quantiles(times, n=20)[-1]
        found = sum(found for _, found in runs)
        yield Figure(
            f"matching one album, {kind}: 95th percentile",
            f"<= {MOST_MILLISECONDS} ms",
            f"{slowest:.1f} ms, median {median(times):.1f} ms, {found / len(runs):.0%} found",
            slowest <= MOST_MILLISECONDS,
        )


def _albums_of_a_year(connection: Connection, draw: _Draw) -> Figure:
    """Match what 12,000 plays leave to be matched by name."""
    number = int(ALBUMS_OF_A_YEAR * NO_MBID)
    exact, misspelled = int(number * EXACT), int(number * MISSPELLED)
    wrong_in = [(False, True), (True, False), (True, True)]
    albums = draw.known(exact)
    for artist, title in wrong_in:
        albums += draw.misspelled(misspelled // len(wrong_in), artist=artist, title=title)
    left = number - len(albums)
    albums += draw.unknown(left // 2) + draw.unknown_titles(left - left // 2)
    seconds, found = _batches(connection, _album_names(draw.shuffled(albums)), fuzzy=True)
    return Figure(
        f"a year's {number:,} albums without an MBID, batches of {BATCH_SIZE}",
        f"< {MOST_SECONDS_FOR_A_YEAR:g} s",
        f"{seconds:.2f} s, {found / number:.0%} found",
        seconds < MOST_SECONDS_FOR_A_YEAR,
    )


def _album_names(names: Sequence[Names]) -> list[AlbumName]:
    return [AlbumName(artist, title) for artist, title in names]


def _batches(connection: Connection, albums: Sequence[AlbumName], *, fuzzy: bool) -> tuple[float, int]:
    """Return the seconds it takes to match them all, and how many are found."""
    began, found = time.perf_counter(), 0
    for at in range(0, len(albums), BATCH_SIZE):
        found += sum(map(bool, match(connection, albums[at : at + BATCH_SIZE], fuzzy=fuzzy)))
    return time.perf_counter() - began, found


def _clocked(connection: Connection, album: AlbumName) -> tuple[float, bool]:
    began = time.perf_counter()
    [found] = match(connection, [album])
    return (time.perf_counter() - began) * 1000, found is not None
