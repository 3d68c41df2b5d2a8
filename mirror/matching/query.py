"""A query: an album as it was scrobbled, with the keys to find it by; and the placement that answers it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self
from uuid import UUID

from mirror.derived.name_index import key_hash
from mirror.derived.names import NAMELESS, artist_key, artist_keys, bare_artist_key, plain_artist_key, title_key
from mirror.matching.candidates import Candidate
from mirror.matching.rules import DISTINCTIVE_TITLE_LENGTH, SELF_TITLED, is_generic
from mirror.matching.similarity import similarity

# How an album was placed. The texts are stored beside it; app.web.words.wording has words for each.
BY_MBID, BY_NAMES, UNDER_VARIOUS_ARTISTS = "mbid", "names", "title under Various Artists"
BY_SIMILAR_TITLE, BY_SIMILAR_ARTIST, BY_SIMILAR_NAMES = "title nearly", "artist nearly", "artist and title nearly"
BY_BARE_TITLE = "title without additions"
MATCH_METHODS = (
    BY_MBID,
    BY_NAMES,
    BY_SIMILAR_TITLE,
    BY_BARE_TITLE,
    BY_SIMILAR_ARTIST,
    BY_SIMILAR_NAMES,
    UNDER_VARIOUS_ARTISTS,
)

DISTINCTIVE_NAMES_LENGTH = 15  # letters of artist and title together that hardly any other album has
MIN_TITLE_SIMILARITY = 0.6  # from which on a title does not speak against an MBID


@dataclass(frozen=True)
class AlbumName:
    """An album as it was scrobbled."""

    artist: str
    title: str
    mbid: UUID | None = None


@dataclass(frozen=True)
class Placement:
    """The release group that an album was taken for, how it was found, and how similar the names are, up to 1."""

    release_group: UUID
    title: str
    credit: str
    year: int
    method: str
    score: float = 1.0
    songs_differ: bool = False
    """Whether its songs may have come out in other years: a compilation, a live album, a DJ mix."""
    artists_differ: bool = False
    """Whether its songs are by several artists: an album by Various Artists, a DJ mix."""

    @property
    def is_exact(self) -> bool:
        """Whether it was found by its MBID or by exactly these names."""
        return self.method == BY_NAMES or self.method.startswith(BY_MBID)


@dataclass(frozen=True, eq=False)
class Query:
    """One album of a batch, with the keys to find it by."""

    number: int
    album: AlbumName
    artist_key: str
    title_key: str
    """The artist's where the title says "Self-Titled"."""
    title_hash: int

    @classmethod
    def of(cls, number: int, album: AlbumName) -> Self:
        """Make the query of an album."""
        title, artist = title_key(album.title), artist_key(album.artist)
        if title in SELF_TITLED:
            title = title_key(album.artist)
        return cls(number, album, artist, title, key_hash(title))

    @property
    def has_names(self) -> bool:
        """Whether both names have a visible character."""
        return NAMELESS not in (self.title_key, self.artist_key)

    @cached_property
    def artist_keys(self) -> tuple[str, ...]:
        """The keys to search for the artist with, best first; the first is `artist_key`."""
        return artist_keys(self.album.artist)

    @property
    def fallback_artist_keys(self) -> tuple[str, ...]:
        """The keys to try if nobody has the whole name: without guests, then each part of a joint credit.

        A "Greatest Hits" of both is not the one of either, nor is "Nirvana" by "Nirvana (SE)" by another Nirvana.
        """
        is_telling = not self.is_generic and self.title_key != self._bare_artist_key
        return self.artist_keys[1:] if is_telling else (self.plain_artist_key,)

    @property
    def has_bracket(self) -> bool:
        """Whether a bracket behind the artist tells between artists of one name, which is no spelling error."""
        return self._bare_artist_key != self.plain_artist_key

    @cached_property
    def plain_artist_key(self) -> str:
        """The key of the artist without guests, and without what sites add to a name."""
        return plain_artist_key(self.album.artist)

    @cached_property
    def _bare_artist_key(self) -> str:
        return bare_artist_key(self.album.artist)

    @cached_property
    def is_generic(self) -> bool:
        """Whether the title does not tell whose album it is."""
        return is_generic(self.album.title)

    @property
    def has_distinctive_title(self) -> bool:
        """Whether the title alone is long enough to identify the album."""
        return len(self.title_key) >= DISTINCTIVE_TITLE_LENGTH and not self.is_generic

    @property
    def has_distinctive_names(self) -> bool:
        """Whether title and artist together, if they are not the same, are long enough to identify the album."""
        is_long = len(self.title_key) + len(self.artist_key) >= DISTINCTIVE_NAMES_LENGTH
        return is_long and self.title_key not in self.artist_key and not self.is_generic

    def title_similarity(self, candidate: Candidate) -> float:
        """Return how similar the titles are, from 0 to 1."""
        return similarity(self.title_key, title_key(candidate.title))

    def artist_similarity(self, candidate: Candidate) -> float:
        """Return how similar the artists are, from 0 to 1."""
        return max(similarity(key, artist_key(candidate.credit)) for key in self.artist_keys)

    def names_similarity(self, candidate: Candidate) -> float:
        """Return how similar titles and artists are together, from 0 to 1."""
        return self.title_similarity(candidate) * self.artist_similarity(candidate)

    def title_agrees(self, candidate: Candidate) -> bool:
        """Tell whether the titles are similar, or one contains the other."""
        shorter, longer = sorted([title_key(candidate.title), self.title_key], key=len)
        is_contained = len(shorter) > 3 and shorter in longer
        return is_contained or self.title_similarity(candidate) >= MIN_TITLE_SIMILARITY
