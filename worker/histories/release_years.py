"""The release years of what is in a history: each album and each song is asked for once, in batches."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from typing import Self
from uuid import UUID

from mirror.answering.answers import Answer, Question, answer
from mirror.database import Connection, connect
from mirror.derived.name_index import usable_state
from mirror.matching.reasons import Reason
from mirror.matching.songs import SongName, song_years
from worker.fetching.enrich import batched
from worker.histories.rows import Play, ReleaseYear

MAX_REMEMBERED = 100_000  # albums and songs, some 400 bytes each
LONGEST_REMEMBERED = 1_000  # letters of their names together
SONG = "song"
"""How the year of a song without an album was found."""
NO_SUCH_SONG = ReleaseYear(None, reason=Reason.NO_SUCH_SONG)


class ReleaseYears:
    """Asks the mirror, and remembers its latest answers."""

    def __init__(self, connection: Connection, *, has_songs: bool, most_remembered: int = MAX_REMEMBERED) -> None:
        self._connection, self._has_songs = connection, has_songs
        self._most_remembered = most_remembered
        self._remembered: dict[Play, ReleaseYear] = {}
        self._is_stopped = False

    @classmethod
    @contextmanager
    def open(cls, url: str) -> Iterator[Self]:
        """Connect to the mirror at this URL. Raises MirrorError."""
        with connect(url) as connection:
            yield cls(connection, has_songs=usable_state(connection).profile == "recordings")

    def look_up(self, plays: Iterable[Play]) -> Mapping[Play, ReleaseYear]:
        """Return the release year of each play, of which there may be several. Raises MirrorError."""
        distinct = set(plays)
        known = {play: found for play in distinct if (found := self._recall(play))}
        # Sorted, since the albums of one artist are compared together where they are in one batch.
        new = sorted(distinct - known.keys())
        known.update(self._of_albums([play for play in new if play.album or play.mbid]))
        known.update(self._of_songs([play for play in new if not (play.album or play.mbid)]))
        self._remember(known)
        return known

    def stop(self) -> None:
        """Have a thread that looks up return soon, with only some of the years."""
        self._is_stopped = True

    def _recall(self, play: Play) -> ReleaseYear | None:
        if not play.mbid and not (play.artist and (play.album or play.song)):
            return ReleaseYear(None, reason=Reason.NO_NAMES)
        if not (self._has_songs or play.mbid or play.album):
            return ReleaseYear(None, reason=Reason.NO_SONGS)
        return self._remembered.pop(play, None)

    def _remember(self, known: Mapping[Play, ReleaseYear]) -> None:
        short = {play: found for play, found in known.items() if sum(map(len, play)) <= LONGEST_REMEMBERED}
        self._remembered.update(short)
        while len(self._remembered) > self._most_remembered:
            del self._remembered[next(iter(self._remembered))]

    def _batched(self, plays: Iterable[Play]) -> Iterator[list[Play]]:
        return takewhile(lambda _: not self._is_stopped, batched(plays))

    def _of_albums(self, plays: Iterable[Play]) -> Iterator[tuple[Play, ReleaseYear]]:
        for batch in self._batched(plays):
            questions = [Question(play.artist, play.album, _uuid(play.mbid)) for play in batch]
            yield from zip(batch, map(_of_album, answer(self._connection, questions)), strict=True)

    def _of_songs(self, plays: Iterable[Play]) -> Iterator[tuple[Play, ReleaseYear]]:
        for batch in self._batched(plays):
            years = song_years(self._connection, [SongName(play.artist, play.song) for play in batch])
            for play, year in zip(batch, years, strict=True):
                yield play, ReleaseYear(year, found_by=SONG) if year else NO_SUCH_SONG


def _of_album(answer: Answer) -> ReleaseYear:
    placement = answer.placement
    if placement is None:
        return ReleaseYear(None, reason=answer.reason)
    return ReleaseYear(placement.year, str(placement.release_group), placement.method)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
