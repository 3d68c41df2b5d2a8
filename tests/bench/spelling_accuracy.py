"""How many of the labelled set's spellings get the right year, from us and from two common ways to match.

The others are trigrams in PostgreSQL and the nearest key in memory.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from statistics import median, quantiles

import psycopg
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extractOne

from mirror.database import Connection
from mirror.derived.names import artist_key, title_key
from mirror.matching.match import match
from mirror.matching.query import AlbumName
from tests.bench.installation import Figure
from tests.bench.spellings import Spelling, spellings

LEAST_RIGHT = 0.985  # of the albums that are there; a wrong year is worse than none, so none may be wrong
ASKED_OF_OTHERS = 20  # spellings of each kind, since the other ways are slow
MOST_EDITS = 5

FLAT = """
    CREATE EXTENSION pg_trgm;
    CREATE TABLE flat AS
        SELECT artist_credit.name AS artist, release_group.name, release_group.year
        FROM musicbrainz.release_group
        JOIN musicbrainz.artist_credit ON artist_credit.id = release_group.artist_credit
        WHERE release_group.year IS NOT NULL;
    CREATE INDEX ON flat USING gin (artist gin_trgm_ops);
    CREATE INDEX ON flat USING gin (name gin_trgm_ops);
    VACUUM ANALYZE flat;
"""


@dataclass(frozen=True)
class MatchResult:
    """The year found for a spelling, and how long it took."""

    spelling: Spelling
    year: int | None
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the year is that of the album that is meant."""
        return self.year is not None and self.year == self.spelling.year

    @property
    def is_wrong(self) -> bool:
        """Whether there is a year, but not the right one."""
        return self.year is not None and self.year != self.spelling.year


class MatchResults(list[MatchResult]):
    """What one way to match has found."""

    @property
    def share_right(self) -> float:
        """The share of right years among the albums that the mirror has."""
        return sum(result.is_right for result in self) / max(self.positives, 1)

    @property
    def positives(self) -> int:
        """How many of the albums the mirror has."""
        return sum(result.spelling.year is not None for result in self)

    @property
    def wrong(self) -> int:
        """How many got a wrong year."""
        return sum(result.is_wrong for result in self)

    @property
    def pace(self) -> str:
        """How long a spelling took."""
        times = [result.seconds * 1000 for result in self]
        return f"median {median(times):.1f} ms, 95th percentile {quantiles(times, n=20)[-1]:.0f} ms"

    def __str__(self) -> str:
        missing = sum(result.year is None and result.spelling.year is not None for result in self)
        right = f"{self.share_right:.1%} right, {missing} not found, " if self.positives else ""
        return f"{right}{self.wrong} wrong of {len(self)}"


def measure_accuracy(connection: Connection, owner: str) -> Iterator[Figure]:
    """Yield a figure for each kind of spelling, then for all."""
    ours, trigrams, nearest = MatchResults(), MatchResults(), MatchResults()
    with _flat_table(owner) as albums:
        keys = _NearestKey(albums)
        for kind, pairs in groupby(sorted(spellings(), key=_kind), _kind):
            ours += (of_kind := _match_in_a_batch(connection, list(pairs)))
            some = [result.spelling for result in of_kind[:: -(-len(of_kind) // ASKED_OF_OTHERS)]]
            trigrams += (similar := _match_one_by_one(lambda *names: _most_similar(albums, *names), some))
            nearest += (near := _match_one_by_one(keys.year, some))
            yield Figure(
                f"labelled set, {kind}", "", f"{of_kind} (trigrams: {similar}; nearest key: {near})", True
            )
    asked = {result.spelling for result in trigrams}
    same = MatchResults(result for result in ours if result.spelling in asked)
    yield Figure("labelled set, by trigrams", "", f"{trigrams}; {trigrams.pace}; ours {same}", True)
    yield Figure("labelled set, by nearest key", "", f"{nearest}; {nearest.pace}; ours {same}", True)
    yield Figure(
        "labelled set: right", f">= {LEAST_RIGHT:.1%}", f"{ours.share_right:.1%}", ours.share_right >= LEAST_RIGHT
    )
    yield Figure("labelled set: wrong years", "none", str(ours), ours.wrong == 0)


def _kind(spelling: Spelling) -> str:
    return spelling.kind


def _match_in_a_batch(connection: Connection, pairs: Sequence[Spelling]) -> MatchResults:
    began = time.perf_counter()
    found = match(connection, [AlbumName(pair.artist, pair.album) for pair in pairs])
    each = (time.perf_counter() - began) / len(pairs)
    return MatchResults(
        MatchResult(pair, album.year if album else None, each) for pair, album in zip(pairs, found, strict=True)
    )


def _match_one_by_one(find_year: Callable[[str, str], int | None], pairs: Sequence[Spelling]) -> MatchResults:
    return MatchResults(_clocked(find_year, pair) for pair in pairs)


def _clocked(find_year: Callable[[str, str], int | None], pair: Spelling) -> MatchResult:
    began = time.perf_counter()
    year = find_year(pair.artist, pair.album)
    return MatchResult(pair, year, time.perf_counter() - began)


@contextmanager
def _flat_table(owner: str) -> Iterator[Connection]:
    """Connect to this mirror's database after copying its albums into a flat table."""
    with psycopg.connect(owner, autocommit=True) as connection:
        for statement in FLAT.split(";")[:-1]:
            connection.execute(statement.encode())
        yield connection


def _most_similar(connection: Connection, artist: str, album: str) -> int | None:
    """Return the year of the most similar album, or None if none is similar."""
    query = """
        SELECT year
        FROM flat
        WHERE name %% %(album)s AND artist %% %(artist)s
        ORDER BY similarity(name, %(album)s) + similarity(artist, %(artist)s) DESC
        LIMIT 1
    """
    row = connection.execute(query, {"album": album, "artist": artist}).fetchone()
    return int(str(row[0])) if row else None


class _NearestKey:
    """Finds albums by keys of artist and title together, in memory."""

    def __init__(self, connection: Connection) -> None:
        rows = connection.execute("SELECT artist, name, year FROM flat")
        self._years = {_key(str(artist), str(name)): int(str(year)) for artist, name, year in rows}
        self._keys = list(self._years)

    def year(self, artist: str, album: str) -> int | None:
        """Return the year of the album with this key, else of the one with the fewest edits."""
        key = _key(artist, album)
        if key in self._years:
            return self._years[key]
        found = extractOne(key, self._keys, scorer=Levenshtein.distance, score_cutoff=MOST_EDITS)
        return self._years[found[0]] if found else None


def _key(artist: str, album: str) -> str:
    return f"{artist_key(artist)} {title_key(album)}"
