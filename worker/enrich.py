"""Enrichment: from the albums that were scrobbled to the years in which they were first released."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

import structlog

from app.progress import NOT_IMPORTED, MirrorNote
from app.store import Connection, albums
from app.store.albums import Album
from app.store.scrobbles import Scrobble
from app.store.tracks import Track
from mirror.database import Connection as MirrorConnection
from mirror.database import connect
from mirror.errors import MirrorAway, MirrorEmpty, MirrorError, MirrorForbidden
from mirror.index import artists_in_the_news, check_rules
from mirror.lookup import Answer, years_by_mbid
from mirror.match import match
from mirror.question import Match, Wanted
from mirror.songs import Song, first_years, has_recordings
from mirror.state import mirror_state

log = structlog.get_logger()

BATCH = 200  # albums, or songs, asked for at once

T = TypeVar("T")
P = ParamSpec("P")


class Catalogue:
    """The mirror as one fetch sees it: it answers, or it cannot say now. Connects when it is first asked."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self._url = url
        self._stack = stack
        self._connection: MirrorConnection | None = None
        self._silent: MirrorError | None = None

    def match(self, wanted: Sequence[Wanted], *, slips: bool) -> list[Match | None] | None:
        """What the mirror takes these albums for; None when it is away or nothing was imported yet."""
        return self._ask(match, wanted, slips=slips) if wanted else []

    def news(self, artists: Collection[str]) -> dict[str, datetime]:
        """When replication last brought something by these artists; nothing when the mirror cannot say."""
        return self._ask(artists_in_the_news, artists) or {} if artists else {}

    def years(self, mbids: Collection[UUID]) -> dict[UUID, Answer] | None:
        """The years that these MBIDs lead to by now; None when the mirror is away."""
        return self._ask(years_by_mbid, list(mbids))

    def knows_songs(self) -> bool:
        """Whether the mirror can be asked for the years of songs: it is there and has recordings."""
        return bool(self._ask(has_recordings))

    def songs(self, tracks: Sequence[Track]) -> list[int | None] | None:
        """The years of these songs; None when the mirror is away or has no recordings."""
        return self._ask(first_years, [Song(track.artist, track.title) for track in tracks])

    def note(self) -> MirrorNote | None:
        """What the mirror holds, for pages; None when it cannot say."""
        state = self._ask(mirror_state)
        if state is None:
            return NOT_IMPORTED if isinstance(self._silent, MirrorEmpty) else None
        return MirrorNote(release_groups=state.release_groups, stamp=state.export_stamp)

    def try_again(self) -> None:
        """Lets the next question be asked even if the mirror was away: an import may have ended meanwhile."""
        if self._silent:
            self._silent = self._connection = None

    def _ask(
        self, question: Callable[Concatenate[MirrorConnection, P], T], *more: P.args, **named: P.kwargs
    ) -> T | None:
        # Once away it is not asked for each page: what stays open is asked for at the end, or by a later fetch.
        if self._silent:
            return None
        try:
            if self._connection is None:
                self._connection = self._stack.enter_context(connect(self._url))
                check_rules(self._connection)
            return question(self._connection, *more, **named)
        except (MirrorAway, MirrorEmpty, MirrorForbidden) as error:
            log.warning("The mirror cannot be asked: years stay open", reason=type(error).__name__)
            self._silent = error
            return None


@contextmanager
def catalogue(url: str) -> Iterator[Catalogue]:
    """The catalogue behind the mirror's URL, for the length of one fetch."""
    with ExitStack() as stack:
        yield Catalogue(url, stack)


def scrobbled_albums(connection: Connection, scrobbles: Iterable[Scrobble]) -> tuple[list[Album], set[UUID]]:
    """The albums of these scrobbles of which nothing is stored, or less than Last.fm says now; and the keys of
    those of which nothing is."""
    named: dict[UUID, Album] = {}
    for play in scrobbles:
        album = named.get(play.album_key)
        # Some plays of an album come without the MBID that its others have.
        if album is None or (album.album_mbid is None and play.album_mbid is not None):
            named[play.album_key] = Album(play.artist, play.album, play.album_mbid)
    known = albums.known(connection, named)
    return [album for key, album in named.items() if _is_news(album, known.get(key))], named.keys() - known.keys()


def batches(waiting: Iterable[T]) -> Iterator[list[T]]:
    """As much as the mirror is asked for at once."""
    left = iter(waiting)
    while batch := list(islice(left, BATCH)):
        yield batch


def place_the_plain(catalogue: Catalogue, open_albums: Sequence[Album]) -> list[Album]:
    """The albums with the years that MBIDs and the very names lead to; the others stay open."""
    matches = catalogue.match(_wanted(open_albums), slips=False) or [None] * len(open_albums)
    return [_placed(album, match) if match else album for album, match in zip(open_albums, matches, strict=True)]


def place(catalogue: Catalogue, open_albums: Sequence[Album]) -> list[Album] | None:
    """The albums with their years: `matched`, `fuzzy_matched` or `not_found`; None when the mirror is away."""
    matches = catalogue.match(_wanted(open_albums), slips=True)
    if matches is None:
        return None
    return [_placed(album, match) for album, match in zip(open_albums, matches, strict=True)]


def _wanted(albums: Iterable[Album]) -> list[Wanted]:
    return [Wanted(album.artist, album.album, album.album_mbid) for album in albums]


def _is_news(album: Album, known: Album | None) -> bool:
    if known is None:
        return True
    unsure = known.augmentation_status != "matched"
    return unsure and album.album_mbid not in (None, known.album_mbid)


def _placed(album: Album, match: Match | None) -> Album:
    if match is None:
        return replace(album, augmentation_status="not_found", method=None)
    return replace(
        album,
        augmentation_status="matched" if match.is_exact else "fuzzy_matched",
        method=match.method,
        score=match.score,
        release_group=match.release_group,
        release_group_title=match.title,
        release_year=match.year,
        songs_differ=match.songs_differ,
    )
