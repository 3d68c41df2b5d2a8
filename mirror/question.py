"""An album to be found: as it was scrobbled, the keys to ask for it, and what came out."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from mirror.candidates import Candidate
from mirror.index import key_hash
from mirror.judge import SELF_TITLED, TOLD_APART, is_generic, songs_differ
from mirror.lookup import Answer
from mirror.names import NAMELESS, artist_key, artist_keys, host_key, title_key

LONG = 15  # letters

MBID, NAMES, VARIOUS = "mbid", "names", "title under Various Artists"
TITLE_NEARLY, ARTIST_NEARLY, BOTH_NEARLY = "title nearly", "artist nearly", "artist and title nearly"


@dataclass(frozen=True)
class Wanted:
    """An album as it was scrobbled."""

    artist: str
    album: str
    mbid: UUID | None = None


@dataclass(frozen=True)
class Match:
    """The release group that is meant, how that was found, and how alike the names are: 1 is the same."""

    release_group: UUID
    title: str
    credit: str
    year: int
    method: str
    score: float = 1.0
    songs_differ: bool = False
    """Whether its songs may have come out in other years: a compilation, a live album, a DJ mix."""

    @property
    def is_exact(self) -> bool:
        """Whether an MBID or the very names have led there."""
        return self.method == NAMES or self.method.startswith(MBID)


class Question:
    """One album with the keys to ask for it, and what has come out so far."""

    def __init__(self, number: int, wanted: Wanted) -> None:
        self.number, self.wanted = number, wanted
        self.artist = artist_key(wanted.artist)
        self.title_key = title_key(wanted.album)
        if self.title_key in SELF_TITLED:
            self.title_key = title_key(wanted.artist)
        self.title = key_hash(self.title_key)
        self.has_names = NAMELESS not in (self.title_key, self.artist)
        self.is_closed = False
        """Whether no further way shall be tried."""
        self.held: tuple[Candidate, Answer] | None = None
        """What the MBID leads to."""
        self.named: Candidate | None = None
        """What the very names lead to."""
        self.match: Match | None = None
        self.considered: dict[str, list[Candidate]] = {}
        """What each way has led to, for the one who doubts the answer."""

    @cached_property
    def artist_keys(self) -> tuple[str, ...]:
        """The keys to ask for the artist, best first; the first is `artist`."""
        return artist_keys(self.wanted.artist)

    @property
    def parts(self) -> tuple[str, ...]:
        """The keys to ask for where nobody is called by the whole name: the artist without guests, then each of a
        joint credit. "Greatest Hits" of both are not those of one of them."""
        return (host_key(self.wanted.artist),) if self.is_generic else self.artist_keys[1:]

    @cached_property
    def is_generic(self) -> bool:
        """Whether the title says nothing of whose album it is."""
        return is_generic(self.wanted.album)

    @property
    def is_telling(self) -> bool:
        """Whether the title alone tells the album from most others."""
        return len(self.title_key) >= TOLD_APART and not self.is_generic

    @property
    def says_enough(self) -> bool:
        """Whether title and artist together do."""
        return len(self.title_key) + len(self.artist) >= LONG and not self.is_generic

    def consider(self, method: str, found: Iterable[Candidate]) -> None:
        """Note what a way has led to."""
        if new := [candidate for candidate in found if candidate not in self.considered.get(method, [])]:
            self.considered.setdefault(method, []).extend(new)

    def settle(self, candidate: Candidate | None, method: str, score: float = 1.0) -> None:
        """Take this for the answer, if it is one."""
        if candidate and candidate.year:
            self.match = Match(
                candidate.release_group,
                candidate.title,
                candidate.credit,
                candidate.year,
                method,
                score,
                songs_differ(candidate),
            )

    def settle_by_mbid(self) -> None:
        """Take what the MBID leads to for the answer."""
        if self.held:
            candidate, answer = self.held
            self.settle(candidate, f"{MBID}: {answer.method}")
            self.is_closed = True
