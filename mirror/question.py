"""An album to be found: as it was scrobbled, the keys to ask for it, and what came out."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from mirror.candidates import Candidate
from mirror.index import key_hash
from mirror.judge import GENERIC, SELF_TITLED, TOLD_APART, songs_differ
from mirror.lookup import Answer
from mirror.names import NAMELESS, artist_keys, full_key, title_key

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
        self.artist_keys = artist_keys(wanted.artist)
        self.artists = [key_hash(key) for key in self.artist_keys]
        self.title_key = title_key(wanted.album)
        if full_key(wanted.album) in SELF_TITLED:
            self.title_key = title_key(wanted.artist)
        self.title = key_hash(self.title_key)
        self.has_names = NAMELESS not in (self.title_key, self.artist_keys[0])
        self.is_telling = len(self.title_key) >= TOLD_APART and self.title_key not in GENERIC
        """Whether the title alone tells the album from most others."""
        self.says_enough = self.is_telling or (
            self.title_key not in GENERIC and len(self.title_key) + len(self.artist_keys[0]) >= LONG
        )
        """Whether title and artist together do."""
        self.held: tuple[Candidate, Answer] | None = None
        self.match: Match | None = None
        self.considered: dict[str, list[Candidate]] = {}
        """What each way has led to, for the one who doubts the answer."""

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
