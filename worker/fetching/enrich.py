"""Enrich scrobbles: from the albums and songs that were played to the years of their first release."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar
from uuid import UUID

from app.store import Connection, albums
from app.store.albums import Album
from app.store.plays.scrobbles import Scrobble
from app.store.tracks import Track
from mirror.matching.match import match
from mirror.matching.query import AlbumName, Placement
from mirror.matching.songs import SongName, song_years
from worker.fetching.mirror_client import MirrorClient

BATCH_SIZE = 200  # albums, or songs, that are looked up at once

T = TypeVar("T")


def albums_to_match(connection: Connection, scrobbles: Iterable[Scrobble]) -> list[Album]:
    """Return the albums to look up: new ones, and those without a sure match that now come with another MBID."""
    named: dict[UUID, Album] = {}
    for play in scrobbles:
        album = named.get(play.album_key)
        # Some plays of an album lack the MBID that others have.
        if album is None or (album.album_mbid is None and play.album_mbid is not None):
            named[play.album_key] = Album(play.artist, play.album, play.album_mbid)
    known = albums.known(connection, named)
    return [album for key, album in named.items() if _needs_match(album, known.get(key))]


def batched(rows: Iterable[T]) -> Iterator[list[T]]:
    """Split the rows into lists that are looked up at once."""
    left = iter(rows)
    while batch := list(islice(left, BATCH_SIZE)):
        yield batch


def match_exact(mirror: MirrorClient, unmatched: Sequence[Album]) -> list[Album]:
    """Match albums by MBID and by their exact names, which is fast. Those without a match come back unchanged."""
    matches = mirror.ask(match, _wanted(unmatched), fuzzy=False) if unmatched else None
    if matches is None:
        return list(unmatched)
    return [_placed(album, found) if found else album for album, found in zip(unmatched, matches, strict=True)]


def match_fuzzy(mirror: MirrorClient, unmatched: Sequence[Album]) -> list[Album] | None:
    """Match albums, spelling errors allowed, and settle each as matched, fuzzy matched or not found.

    None when the mirror cannot be asked.
    """
    matches = mirror.ask(match, _wanted(unmatched), fuzzy=True)
    if matches is None:
        return None
    return [_placed(album, found) for album, found in zip(unmatched, matches, strict=True)]


def look_up_songs(mirror: MirrorClient, tracks: Sequence[Track]) -> list[int | None] | None:
    """Return the years in which these songs first came out; None when the mirror cannot be asked."""
    return mirror.ask(song_years, [SongName(track.artist, track.title) for track in tracks])


def _wanted(albums: Iterable[Album]) -> list[AlbumName]:
    return [AlbumName(album.artist, album.album, album.album_mbid) for album in albums]


def _needs_match(album: Album, known: Album | None) -> bool:
    if known is None:
        return True
    unsure = known.augmentation_status != "matched"
    return unsure and album.album_mbid not in (None, known.album_mbid)


def _placed(album: Album, placement: Placement | None) -> Album:
    if placement is None:
        return replace(album, augmentation_status="not_found", method=None)
    return replace(
        album,
        augmentation_status="matched" if placement.is_exact else "fuzzy_matched",
        method=placement.method,
        score=placement.score,
        release_group=placement.release_group,
        release_group_title=placement.title,
        release_year=placement.year,
        songs_differ=placement.songs_differ,
        artists_differ=placement.artists_differ,
    )
