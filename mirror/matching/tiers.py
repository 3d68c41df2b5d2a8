"""The ways to find an album, cheapest first. Each asks for all albums that are still open with one query.

An artist whose name is known is never taken for one with a similar name, only for one with more words or fewer.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mirror.derived.mojibake import mend
from mirror.derived.name_index import head_hash, key_hash, tail_hash
from mirror.derived.names import title_key
from mirror.matching import candidates
from mirror.matching.album_reader import MAX_EDITS, AlbumReader
from mirror.matching.candidates import MAX_NAMESAKES, VARIOUS_ARTISTS_ID, Artist, Candidate, IdsByKey
from mirror.matching.decision import Score
from mirror.matching.query import (
    BY_BARE_TITLE,
    BY_MBID,
    BY_NAMES,
    BY_SIMILAR_ARTIST,
    BY_SIMILAR_NAMES,
    BY_SIMILAR_TITLE,
    UNDER_VARIOUS_ARTISTS,
    Query,
)
from mirror.matching.rules import DISTINCTIVE_TITLE_LENGTH, is_compilation, is_generic, is_live
from mirror.matching.similarity import (
    artists_with_article,
    artists_with_lost_letters,
    artists_with_same_beginning,
    similar_artists,
)
from mirror.titles.decorations import MAX_LENGTH, Rest
from mirror.titles.pieces import LIVE

MIN_MISSPELLED_ARTIST_LENGTH = 8  # letters of an artist who is recognised beside a title that is not distinctive
MIN_TITLE_LENGTH_BARE = 4  # letters of a rest of a title by an artist whose other albums are not compared
MIN_HALVED_ARTIST_LENGTH = 7  # letters of an artist who is searched for by half the name
LIVE_ENDING = re.compile(rf" *[(\[]{LIVE}[)\]] *$", re.IGNORECASE)


class Groups(NamedTuple):
    """The ids of release groups that are equally good, and the rest of the title if only that was searched for."""

    ids: Sequence[int]
    rest: Rest | None = None


GroupsByNumber = Mapping[int, Sequence[Groups]]
"""By the number of a query, the release groups found for it: the better ones first."""


def _always(_: Candidate) -> bool:
    return True


@dataclass(frozen=True)
class Tier:
    """One way to find albums: its name, how it finds them, how sure it is, and what may be found by it."""

    method: str
    find: Callable[[AlbumReader, Sequence[Query]], GroupsByNumber]
    score: Score
    may_be: Callable[[Candidate], bool] = _always


def _certain(_: Query, __: Candidate) -> float:
    return 1.0


def _find_names(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find the exact title by the artist; if nobody is called so, by each part of the name."""
    named = [(query, artists) for query in queries for artists in reader.artists_by_name(query)]
    wanted = [
        (place, artist, query.title_hash) for place, (query, artists) in enumerate(named) for artist in artists
    ]
    found = defaultdict[int, list[Groups]](list)
    for place, ids in sorted(candidates.groups_by_title(reader.connection, wanted).items()):
        found[named[place][0].number].append(Groups(ids))
    return found


def _find_mended_titles(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find a title that was read in a wrong encoding: "HomogÃ©nic"."""
    return _find_other_titles(reader, {query: mend(query.album.title) for query in queries})


def _find_live_titles(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find a title without its "(Live)", which MusicBrainz expresses by the type of the album."""
    short = [query for query in queries if len(query.album.title) <= MAX_LENGTH]
    return _find_other_titles(reader, {query: LIVE_ENDING.sub("", query.album.title) for query in short})


def _find_other_titles(reader: AlbumReader, titles: Mapping[Query, str]) -> GroupsByNumber:
    """Find another exact title for each query by the artist; nothing where it is the same title."""
    wanted = [
        (query.number, artist, key_hash(title_key(title)))
        for query, title in titles.items()
        if title != query.album.title
        for artist in reader.artists_of(query)
    ]
    return _equally_good(candidates.groups_by_title(reader.connection, wanted))


def _find_similar_titles(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find the nearest title by the artist: misspelled, without its subtitle, with the artist in front."""
    queries = [query for query in queries if not (reader.is_guessed(query) and query.has_bracket)]
    artists = _read_discographies(reader, queries)
    found = {query: reader.nearest_albums(query, artists[query]) for query in queries}
    return _equally_good(
        {query.number: ids for query, (edits, ids) in found.items() if not (edits and _is_doubtful(reader, query))}
    )


def _is_doubtful(reader: AlbumReader, query: Query) -> bool:
    """Tell whether a letter more or less is another title: "Demo", or one under a part of a name nobody has."""
    return query.is_generic or (reader.is_guessed(query) and not query.has_distinctive_title)


def _find_bare_titles(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find the longest rest of the title, without what may have been added to it, that the artist has."""
    artists = _read_discographies(reader, queries)
    found = {query.number: reader.undecorated_albums(query, artists[query]) for query in queries}
    return {number: [Groups(one[1], one[0])] for number, one in found.items() if one}


def _find_bare_titles_of_many(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find a rest of the title by an artist with too many albums to compare them, such as Various Artists."""
    artists = _read_discographies(reader, queries)
    of_many = {
        query: [
            artist
            for artist in reader.artists_of(query)
            if artist not in found or reader.has_too_many_albums(artist)
        ]
        for query, found in artists.items()
    }
    return _find_rests(reader, of_many, MIN_TITLE_LENGTH_BARE)


def _find_bare_titles_of_various(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find a distinctive rest of the title by Various Artists, as the tier before does the whole title."""
    return _find_rests(reader, {query: [VARIOUS_ARTISTS_ID] for query in queries}, DISTINCTIVE_TITLE_LENGTH)


def _find_rests(reader: AlbumReader, artists: Mapping[Query, list[int]], min_length: int) -> GroupsByNumber:
    """Find the first rest of each title that is a title by these artists, if nothing doubtful was peeled off."""
    rests = [
        (query, rest)
        for query, found in artists.items()
        if found
        for rest in reader.rests(query)
        if len(rest.key) >= min_length and not rest.needs_telling_title and not is_generic(rest.title)
    ]
    wanted = [
        (place, artist, key_hash(rest.key))
        for place, (query, rest) in enumerate(rests)
        for artist in artists[query]
    ]
    found = dict[int, list[Groups]]()
    for place, ids in sorted(candidates.groups_by_title(reader.connection, wanted).items()):
        query, rest = rests[place]
        found.setdefault(query.number, [Groups(ids, rest)])
    return found


def _find_nothing(_: AlbumReader, __: Sequence[Query]) -> GroupsByNumber:
    """Leave it to the MBID: it leads to the right artist, none of whose titles is near, so the album has two."""
    return {}


def _find_similar_artists(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find the exact title by an artist with a similar name, or with more or fewer words."""
    queries = [query for query in queries if reader.is_unknown(query) or query.has_distinctive_title]
    artists = candidates.artists_by_title(reader.connection, {query.title_hash for query in queries})
    wanted = [
        (query.number, artist, query.title_hash)
        for query in queries
        for artist in _similar_artists(query, artists.get(query.title_hash, []), reader.is_unknown(query))
    ]
    return _equally_good(candidates.groups_by_title(reader.connection, wanted))


def _find_similar_names(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find the nearest title by an artist with a similar name, who shares half of it."""
    queries = [
        query
        for query in queries
        if reader.is_unknown(query)
        and len(query.artist_key) >= MIN_HALVED_ARTIST_LENGTH
        and query.title_key != query.artist_key
        and not query.is_generic
    ]
    halves = [
        (query.number, head_hash(query.artist_key, length), tail_hash(query.artist_key, length))
        for query in queries
        for length in range(len(query.artist_key) - 1, len(query.artist_key) + 2)
    ]
    sharing = candidates.artists_by_half_key(reader.connection, halves)
    similar = {query: similar_artists(query.album.artist, sharing.get(query.number, [])) for query in queries}
    reader.read_discographies(artist for _, artists in similar.values() for artist in artists)
    found = {query: (edits, *reader.nearest_albums(query, artists)) for query, (edits, artists) in similar.items()}
    return _equally_good(
        {query.number: ids for query, (edits, more, ids) in found.items() if edits + more <= MAX_EDITS}
    )


def _find_various_artists(reader: AlbumReader, queries: Sequence[Query]) -> GroupsByNumber:
    """Find a distinctive title by Various Artists: Last.fm lists a compilation under each track's artist."""
    wanted = [
        (query.number, VARIOUS_ARTISTS_ID, query.title_hash) for query in queries if query.has_distinctive_title
    ]
    return _equally_good(candidates.groups_by_title(reader.connection, wanted))


def _equally_good(found: IdsByKey) -> GroupsByNumber:
    return {number: [Groups(ids)] for number, ids in found.items()}


def _read_discographies(reader: AlbumReader, queries: Sequence[Query]) -> dict[Query, list[int]]:
    """Read all albums of the artists with these names or parts of them, except for Various Artists."""
    artists = {
        query: [artist for artist in reader.artists_of(query) if artist != VARIOUS_ARTISTS_ID] for query in queries
    }
    artists = {query: found if len(found) < MAX_NAMESAKES else [] for query, found in artists.items()}
    reader.read_discographies(artist for found in artists.values() for artist in found)
    return artists


def _similar_artists(query: Query, artists: Sequence[Artist], is_unknown: bool) -> Iterable[int]:
    similar = list[int]()
    if is_unknown and not query.has_bracket:
        similar = artists_with_article(query.artist_key, artists) or artists_with_lost_letters(
            query.album.artist, artists
        )
        is_long = len(query.artist_key) >= MIN_MISSPELLED_ARTIST_LENGTH
        if not similar and (query.has_distinctive_title or is_long):
            similar = similar_artists(query.album.artist, artists)[1]
    if similar or not query.has_distinctive_names:
        return similar
    return artists_with_same_beginning(query.album.artist, artists)


EXACT_TIERS = (
    Tier(BY_NAMES, _find_names, _certain),
    Tier(BY_NAMES, _find_mended_titles, _certain),
    Tier(BY_NAMES, _find_live_titles, _certain, is_live),
)
TIERS = (
    *EXACT_TIERS,
    Tier(BY_SIMILAR_TITLE, _find_similar_titles, Query.title_similarity),
    Tier(BY_BARE_TITLE, _find_bare_titles, lambda query, candidate: 0.95),
    Tier(BY_BARE_TITLE, _find_bare_titles_of_many, lambda query, candidate: 0.95),
    Tier(BY_MBID, _find_nothing, _certain),
    Tier(BY_SIMILAR_ARTIST, _find_similar_artists, Query.artist_similarity),
    Tier(BY_SIMILAR_NAMES, _find_similar_names, Query.names_similarity),
    Tier(UNDER_VARIOUS_ARTISTS, _find_various_artists, lambda query, candidate: 0.9, is_compilation),
    Tier(UNDER_VARIOUS_ARTISTS, _find_bare_titles_of_various, lambda query, candidate: 0.85, is_compilation),
)
