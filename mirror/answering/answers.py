"""Answers: the album that is meant, the year of a song, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from mirror.database import Connection
from mirror.derived.name_index import usable_state
from mirror.matching.match import Trail, run_tiers
from mirror.matching.query import AlbumName, Placement
from mirror.matching.reasons import Reason, why_not
from mirror.matching.songs import SongName, song_years
from mirror.state import has_recordings


@dataclass(frozen=True)
class Question:
    """An album, a song, or a song on an album, as somebody else names it. What is not named is empty."""

    artist: str
    album: str = ""
    mbid: UUID | None = None
    track: str = ""

    @property
    def is_for_song(self) -> bool:
        """Whether a song is asked for without any album."""
        return bool(self.artist and self.track) and not self.album and self.mbid is None

    @property
    def song(self) -> SongName:
        """The song, of whatever album."""
        return SongName(self.artist, self.track)


@dataclass(frozen=True)
class Answer:
    """The album that is meant, or the reason why there is none; the song's year where that may be another one."""

    placement: Placement | None
    reason: Reason | None = None
    song_year: int | None = None


def answer(connection: Connection, questions: Sequence[Question]) -> list[Answer]:
    """Answer the questions in their order. Raises MirrorError if the mirror cannot be asked."""
    usable_state(connection)
    trails = run_tiers(connection, [AlbumName(one.artist, one.album, one.mbid) for one in questions])
    asked = list(zip(questions, trails, strict=True))
    songs = [question.song for question, trail in asked if _wants_song(question, trail.placement)]
    knows_songs = bool(songs) and has_recordings(connection)
    years = dict(zip(songs, song_years(connection, songs), strict=True)) if knows_songs else {}
    return [_answer(question, trail, years, knows_songs=knows_songs) for question, trail in asked]


def _wants_song(question: Question, placement: Placement | None) -> bool:
    """Tell whether the album does not say when the song came out."""
    return bool(question.track) and placement.songs_differ if placement else question.is_for_song


def _answer(
    question: Question, trail: Trail, years: Mapping[SongName, int | None], *, knows_songs: bool
) -> Answer:
    placement = trail.placement
    year = years.get(question.song) if _wants_song(question, placement) else None
    if placement:
        # A song is never newer than an album that it is on.
        return Answer(placement, song_year=min(year, placement.year) if year else None)
    if not question.is_for_song:
        return Answer(None, why_not(trail))
    if year:
        return Answer(None, Reason.NO_ALBUM_NAMED, year)
    return Answer(None, Reason.NO_SUCH_SONG if knows_songs else Reason.NO_SONGS)
