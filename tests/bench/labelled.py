"""The labelled set matched by us and in two usual ways: by trigrams, and by the nearest of all keys."""

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
from mirror.match import match
from mirror.names import artist_key, title_key
from mirror.question import Wanted
from tests.bench.spellings import Spelling, spellings
from tests.bench.stage import Row

LEAST_COVERAGE, MOST_WRONG = 0.97, 0.005
ASKED = 20  # of each class, since the others are slow
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
class Answer:
    """The year that a spelling has led to, and how long that took."""

    spelling: Spelling
    year: int | None
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether it is the year of the album that is meant."""
        return self.year is not None and self.year == self.spelling.year

    @property
    def is_wrong(self) -> bool:
        """Whether it is the year of any other."""
        return self.year is not None and self.year != self.spelling.year


class Answers(list[Answer]):
    """The answers of one way to match."""

    @property
    def coverage(self) -> float:
        """The share of the albums that are there whose year has come out."""
        return sum(answer.is_right for answer in self) / max(self.positives, 1)

    @property
    def positives(self) -> int:
        """How many of the albums are there."""
        return sum(answer.spelling.year is not None for answer in self)

    @property
    def wrong(self) -> int:
        """How many have got a year that is not theirs."""
        return sum(answer.is_wrong for answer in self)

    @property
    def pace(self) -> str:
        """How long one took."""
        times = [answer.seconds * 1000 for answer in self]
        return f"median {median(times):.1f} ms, 95 of 100 within {quantiles(times, n=20)[-1]:.0f} ms"

    def __str__(self) -> str:
        missing = sum(answer.year is None and answer.spelling.year is not None for answer in self)
        covered = f"{self.coverage:.1%} right, {missing} not found, " if self.positives else ""
        return f"{covered}{self.wrong} wrong of {len(self)}"


def compare(connection: Connection, owner: str) -> Iterator[Row]:
    """A row for each class, then for all."""
    ours, trigrams, nearest = Answers(), Answers(), Answers()
    with _flat(owner) as albums:
        keys = _NearestKey(albums)
        for kind, pairs in groupby(sorted(spellings(), key=_kind), _kind):
            ours += (of_kind := _matched(connection, list(pairs)))
            some = [answer.spelling for answer in of_kind[:: -(-len(of_kind) // ASKED)]]
            trigrams += (similar := _answers(lambda *names: _most_similar(albums, *names), some))
            nearest += (near := _answers(keys.year, some))
            yield Row(f"labelled, {kind}", "", f"{of_kind} (trigrams: {similar}; nearest key: {near})", True)
    asked = {answer.spelling for answer in trigrams}
    same = Answers(answer for answer in ours if answer.spelling in asked)
    yield Row("labelled, trigrams", "", f"{trigrams}; {trigrams.pace}; ours {same}", True)
    yield Row("labelled, nearest key", "", f"{nearest}; {nearest.pace}; ours {same}", True)
    share = ours.wrong / len(ours)
    yield Row(
        "labelled, all: right", f">= {LEAST_COVERAGE:.0%}", f"{ours.coverage:.1%}", ours.coverage >= LEAST_COVERAGE
    )
    yield Row("labelled, all: wrong years", f"< {MOST_WRONG:.1%}", f"{share:.2%} ({ours})", share < MOST_WRONG)


def _kind(spelling: Spelling) -> str:
    return spelling.kind


def _matched(connection: Connection, pairs: Sequence[Spelling]) -> Answers:
    began = time.perf_counter()
    found = match(connection, [Wanted(pair.artist, pair.album) for pair in pairs])
    each = (time.perf_counter() - began) / len(pairs)
    return Answers(
        Answer(pair, album.year if album else None, each) for pair, album in zip(pairs, found, strict=True)
    )


def _answers(ask: Callable[[str, str], int | None], pairs: Sequence[Spelling]) -> Answers:
    return Answers(_clocked(ask, pair) for pair in pairs)


def _clocked(ask: Callable[[str, str], int | None], pair: Spelling) -> Answer:
    began = time.perf_counter()
    year = ask(pair.artist, pair.album)
    return Answer(pair, year, time.perf_counter() - began)


@contextmanager
def _flat(owner: str) -> Iterator[Connection]:
    """A connection to the database of this mirror, with its albums in a flat table beside it."""
    with psycopg.connect(owner, autocommit=True) as connection:
        for statement in FLAT.split(";")[:-1]:
            connection.execute(statement.encode())
        yield connection


def _most_similar(connection: Connection, artist: str, album: str) -> int | None:
    """The year of the most similar album, if there is any of some similarity."""
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
    """Keys of artist and title together, in memory."""

    def __init__(self, connection: Connection) -> None:
        rows = connection.execute("SELECT artist, name, year FROM flat")
        self._years = {_key(str(artist), str(name)): int(str(year)) for artist, name, year in rows}
        self._keys = list(self._years)

    def year(self, artist: str, album: str) -> int | None:
        """The year of the album of this very key, else of the one by the fewest edits away."""
        key = _key(artist, album)
        if key in self._years:
            return self._years[key]
        found = extractOne(key, self._keys, scorer=Levenshtein.distance, score_cutoff=MOST_EDITS)
        return self._years[found[0]] if found else None


def _key(artist: str, album: str) -> str:
    return f"{artist_key(artist)} {title_key(album)}"
