"""Reads artists and albums for the queries of one batch, each of them once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mirror.database import Connection
from mirror.derived.name_index import key_hash
from mirror.derived.names import artist_key
from mirror.matching import candidates
from mirror.matching.candidates import VARIOUS_ARTISTS_ID, Candidate
from mirror.matching.decision import MbidResult
from mirror.matching.discography import Discography
from mirror.matching.lookup import years_by_mbid
from mirror.matching.query import Query
from mirror.matching.title_forms import ScrobbledTitle
from mirror.titles.decorations import Rest, peel

MAX_EDITS = 3  # in artist and title together
MIN_ARTIST_SIMILARITY = 0.7  # from which on an artist does not speak against an MBID
VARIOUS_ARTISTS = {
    artist_key(name): [VARIOUS_ARTISTS_ID]
    for name in ("Various Artists", "Various Artist", "Various", "V/A", "V.A.")
}


class AlbumReader:
    """What the queries of one batch have read from the mirror so far."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._artists = dict(VARIOUS_ARTISTS)
        self._discographies: dict[int, Discography] = {}
        self._rests: dict[Query, list[Rest]] = {}

    def read_artists(self, queries: Sequence[Query]) -> None:
        """Read the artists with these names; those with a part of a name that nobody has."""
        self._read_artists(query.artist_key for query in queries)
        self._read_artists(
            key for query in queries if self.is_unknown(query) for key in query.fallback_artist_keys
        )

    def _read_artists(self, keys: Iterable[str]) -> None:
        missing = {key_hash(key): key for key in keys if key not in self._artists}
        found = candidates.artists_by_key(self.connection, missing.keys())
        self._artists |= {missing[hash_]: artists for hash_, artists in found.items()}

    def is_unknown(self, query: Query) -> bool:
        """Tell whether no artist has the whole name."""
        return query.artist_key not in self._artists

    def is_guessed(self, query: Query) -> bool:
        """Tell whether no artist has the name, with or without guests, so that each part of it is searched for."""
        return self.is_unknown(query) and query.plain_artist_key not in self._artists

    def artists_by_name(self, query: Query) -> list[Sequence[int]]:
        """Return the artists with this name; if there are none, those with each part of it."""
        keys = query.fallback_artist_keys if self.is_unknown(query) else (query.artist_key,)
        return [self._artists.get(key, ()) for key in keys]

    def artists_of(self, query: Query) -> list[int]:
        """Return all artists with this name or a part of it, each of them once."""
        return [*dict.fromkeys(artist for artists in self.artists_by_name(query) for artist in artists)]

    def albums_by_mbid(self, queries: Sequence[Query]) -> Mapping[int, MbidResult]:
        """Return what the MBIDs of queries lead to, by the number of the query."""
        wanted = {query: query.album.mbid for query in queries if query.album.mbid}
        results = years_by_mbid(self.connection, [*wanted.values()]) if wanted else {}
        groups = candidates.by_mbid(self.connection, {result.release_group for result in results.values()})
        credited = candidates.credited_artists(self.connection, [candidate.id for candidate in groups.values()])
        return {
            query.number: MbidResult(found, result.kind, self._is_by(query, found, credited.get(found.id, ())))
            for query, mbid in wanted.items()
            if (result := results.get(mbid)) and (found := groups.get(result.release_group))
        }

    def _is_by(self, query: Query, candidate: Candidate, credited: Sequence[int]) -> bool:
        is_credited = not set(self.artists_of(query)).isdisjoint(credited)
        return is_credited or query.artist_similarity(candidate) >= MIN_ARTIST_SIMILARITY

    def details(self, lists: Iterable[Sequence[int]]) -> dict[int, Candidate]:
        """Return these release groups as candidates, with what tells between several of a list."""
        lists = list(lists)
        found = candidates.by_id(self.connection, {group for groups in lists for group in groups})
        rivals = {group for groups in lists if len(groups) > 1 for group in groups} & found.keys()
        releases = candidates.count_releases(self.connection, rivals)
        artists = candidates.names_of_credited_artists(self.connection, rivals)
        return found | {
            id_: replace(found[id_], releases=releases.get(id_, 0), artists=artists.get(id_, ())) for id_ in rivals
        }

    def read_discographies(self, artists: Iterable[int]) -> None:
        """Read all albums of these artists."""
        missing = set(artists) - self._discographies.keys()
        names = candidates.names_of_artists(self.connection, missing)
        albums = candidates.albums_by_artist(self.connection, missing)
        for artist, name in names.items():
            self._discographies[artist] = Discography(name, albums.get(artist, ()))

    def nearest_albums(self, query: Query, artists: Iterable[int]) -> tuple[int, list[int]]:
        """Return the edit distance of the nearest titles by these artists, and their release groups."""
        read = [self._discographies[artist] for artist in artists if artist in self._discographies]
        title = ScrobbledTitle(query)
        near = [albums.nearest(title) for albums in read]
        smallest = min((edits for edits, found in near if found), default=MAX_EDITS)
        return smallest, list(dict.fromkeys(id_ for edits, found in near if edits == smallest for id_ in found))

    def undecorated_albums(self, query: Query, artists: Iterable[int]) -> tuple[Rest, list[int]] | None:
        """Return the longest rest of the title that is one of these artists' very own, and its release groups."""
        read = [self._discographies[artist] for artist in artists if artist in self._discographies]
        rests = self.rests(query)
        found = [one for albums in read if (one := albums.undecorated(rests, query.artist_key))]
        if not found:
            return None
        longest = max((rest for rest, _ in found), key=lambda rest: len(rest.title))
        return longest, [id_ for rest, ids in found if rest.title == longest.title for id_ in ids]

    def rests(self, query: Query) -> list[Rest]:
        """Return what is left of a title without what may have been added to it."""
        if query not in self._rests:
            names = [
                albums.artist for artist in self.artists_of(query) if (albums := self._discographies.get(artist))
            ]
            self._rests[query] = peel(query.album.title, {query.artist_key, *names, *VARIOUS_ARTISTS})
        return self._rests[query]

    def has_too_many_albums(self, artist: int) -> bool:
        """Tell whether an artist's albums are not read, since there are too many: Various Artists, composers."""
        albums = self._discographies.get(artist)  # none: a packet has just removed the artist
        return artist == VARIOUS_ARTISTS_ID or (albums is not None and not albums.is_known)
