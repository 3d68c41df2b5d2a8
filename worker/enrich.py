"""Enrichment: from the albums that were scrobbled to the years in which they were first released."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

import structlog

from app.progress import MirrorNote
from app.store import Connection, albums
from app.store.albums import Album
from app.store.scrobbles import Scrobble
from mirror.database import Connection as MirrorConnection
from mirror.database import connect
from mirror.errors import MirrorAway, MirrorEmpty
from mirror.lookup import Answer, years_by_mbid
from mirror.state import mirror_state

log = structlog.get_logger()

T = TypeVar("T")


class Catalogue:
    """The mirror as one fetch sees it: it answers, or it cannot say now. Connects when it is first asked."""

    def __init__(self, url: str, stack: ExitStack) -> None:
        self._url = url
        self._stack = stack
        self._connection: MirrorConnection | None = None
        self._silent = False

    def years(self, mbids: Iterable[UUID]) -> dict[UUID, Answer] | None:
        """What the mirror knows of these MBIDs; None when it is away or nothing was imported yet."""
        asked = sorted(mbids)
        return self._ask(lambda connection: years_by_mbid(connection, asked)) if asked else {}

    def note(self) -> MirrorNote | None:
        """What the mirror holds, for pages; None when it cannot say."""
        state = self._ask(mirror_state)
        return MirrorNote(release_groups=state.release_groups, stamp=state.export_stamp) if state else None

    def _ask(self, question: Callable[[MirrorConnection], T]) -> T | None:
        # Once away it is not asked again by this fetch: what stays open is asked for by a later one.
        if self._silent:
            return None
        try:
            if self._connection is None:
                self._connection = self._stack.enter_context(connect(self._url))
            return question(self._connection)
        except (MirrorAway, MirrorEmpty) as error:
            log.warning("The mirror cannot be asked: years stay open", reason=type(error).__name__)
            self._silent = True
            return None


@contextmanager
def catalogue(url: str) -> Iterator[Catalogue]:
    """The catalogue behind the mirror's URL, for the length of one fetch."""
    with ExitStack() as stack:
        yield Catalogue(url, stack)


def scrobbled_albums(connection: Connection, scrobbles: Iterable[Scrobble]) -> list[Album]:
    """The albums of these scrobbles of which nothing is stored, or less than Last.fm says now."""
    named: dict[UUID, Album] = {}
    for play in scrobbles:
        album = named.get(play.album_key)
        # Some plays of an album come without the MBID that its others have.
        if album is None or (album.album_mbid is None and play.album_mbid is not None):
            named[play.album_key] = Album(play.artist, play.album, play.album_mbid)
    known = albums.known(connection, named)
    return [album for key, album in named.items() if _is_news(album, known.get(key))]


def place(catalogue: Catalogue, open_albums: Iterable[Album]) -> list[Album]:
    """The albums with their years: `matched`, or `not_found`, or still `pending` when the mirror is away."""
    open_albums = list(open_albums)
    answers = catalogue.years({album.album_mbid for album in open_albums if album.album_mbid})
    if answers is None:
        return open_albums
    return [_placed(album, answers.get(album.album_mbid) if album.album_mbid else None) for album in open_albums]


def _is_news(album: Album, known: Album | None) -> bool:
    if known is None:
        return True
    unplaced = known.augmentation_status in ("pending", "not_found")
    return unplaced and album.album_mbid not in (None, known.album_mbid)


def _placed(album: Album, answer: Answer | None) -> Album:
    if answer is None or answer.year is None:
        return replace(album, augmentation_status="not_found", method="mbid")
    return replace(
        album,
        augmentation_status="matched",
        method=f"mbid: {answer.method}",
        release_group=answer.release_group,
        release_year=answer.year,
    )
