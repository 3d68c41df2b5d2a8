"""Album plays: the albums and songs behind a chart's numbers, by the albums' years or the songs' own.

An album is one line, however it is spelled: `albums.listed_as` says which spellings belong together. The line has
the names of the spelling with the most plays; of two, of one that was matched for sure.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from psycopg.rows import class_row, kwargs_row

from app.events import MatchStatus
from app.store.database import Connection
from app.store.plays.play_filter import PlayFilter

Released = tuple[int, int]
"""The first and the last of some release years."""
MAX_NAME_LENGTH = 200
"""Of a name that travels with every event; Last.fm has some of thousands of letters."""
MAX_SPELLINGS = 100
"""That are listed of a line; of a compilation there may be as many as it has songs."""
VARIOUS_ARTISTS = "Various Artists"


@dataclass(frozen=True)
class Spelling:
    """An artist and a title that an album was scrobbled under, with its plays."""

    artist: str
    album: str
    plays: int
    key: UUID
    """The album's, as spelled like this."""


@dataclass(frozen=True)
class AlbumPlays:
    """An album, or a song that is listed by itself, with its plays and what it was matched with.

    The names and the match are those of the spelling with the most plays.
    """

    artist: str
    album: str
    song: str
    """The title of a song without an album, or of one that counts by a year of its own; else empty."""
    plays: int
    group_plays: int
    """Plays of all songs that are listed under the same album or artist; of an album its own."""
    augmentation_status: MatchStatus
    listed_as: UUID
    """The same for all songs that are listed under the same album or artist."""
    release_group: UUID | None = None
    release_group_title: str | None = None
    method: str | None = None
    score: float | None = None
    release_year: int | None = None
    has_own_year: bool = False
    """Whether it is a song that counts by another year than its album."""
    album_year: int | None = None
    key: UUID | None = None
    """The album's."""
    is_by_various: bool = False
    """Whether the album has songs by several artists, and was scrobbled under more than one of them."""
    spelled: int = 1
    """How many spellings there are."""
    spellings: tuple[Spelling, ...] = ()
    """Up to `MAX_SPELLINGS` of them, the most played first; empty if there is only one."""

    @property
    def album_artist(self) -> str:
        """The artist that the album is listed under."""
        return VARIOUS_ARTISTS if self.is_by_various else self.artist

    @property
    def listed_artist(self) -> str:
        """The artist that the line is listed under: a song has its own."""
        return self.artist if self.has_own_year or not self.album else self.album_artist

    @property
    def other_spellings(self) -> tuple[Spelling, ...]:
        """The spellings, without one that reads as the line does."""
        return self.spellings if self.listed_artist != self.artist else self.spellings[1:]


A = TypeVar("A", bound=AlbumPlays)


@dataclass(frozen=True)
class AlbumCounts:
    """How many albums and songs are listed, and their plays: of those looked up already, or of those pending."""

    is_pending: bool
    albums: int
    songs: int
    """Songs without an album."""
    plays: int
    songs_with_own_year: int = 0
    """Songs that count by another year than their albums."""

    @property
    def rows(self) -> int:
        """How long the list is."""
        return self.albums + self.songs_with_own_year + self.songs


COUNTED = """
    JOIN placed_tracks ON placed_tracks.id = played.track
    CROSS JOIN LATERAL (
        SELECT CASE WHEN %s THEN song_release_year ELSE release_year END AS year,
               augmentation_status = 'pending' AS is_pending
    ) AS counted
    CROSS JOIN LATERAL (
        SELECT counted.year IS DISTINCT FROM release_year AS has_own_year
    ) AS own
    CROSS JOIN LATERAL (
        SELECT CASE WHEN has_no_album OR has_own_year THEN title ELSE '' END AS song
    ) AS named
"""
"""What the tracks that were `played` count for; whether by song is its parameter."""
_OF_YEARS, _OF_NO_YEAR = "WHERE counted.year BETWEEN %s AND %s", "WHERE counted.year IS NULL"
# Of an album that is listed as a whole all artists make one line; songs of one title by two artists are two.
LINE = "listed_as, song, has_own_year, CASE WHEN has_own_year THEN artist_key END"
BEST_FIRST = "plays DESC, augmentation_status = 'fuzzy_matched', album"
SUMMED_UP = f"""
    sum(plays)::integer AS plays,
    sum(sum(plays)) OVER heading::integer AS group_plays,
    bool_or(bool_or(artists_differ)) OVER heading
        AND min(min(artist_key)) OVER heading <> max(max(artist_key)) OVER heading
        AS is_by_various,
    array_agg(album ORDER BY {BEST_FIRST}) AS spelled_as,
    array_agg(plays ORDER BY {BEST_FIRST}) AS plays_of_each,
    (array_agg(augmentation_status ORDER BY {BEST_FIRST}))[1] AS augmentation_status,
    min(release_year) AS release_year,
    min(album_year) AS album_year,
    bool_or(has_no_album) AS has_no_album
"""
"""What the spellings of a line come to, beside those under the same `heading`."""
LIST_ORDER = "is_pending, has_no_album, has_own_year, group_plays DESC, listed_as, plays DESC, song, spelled_as"
LISTED = f"""
    artist,
    album,
    song,
    plays,
    group_plays,
    augmentation_status,
    listed_as,
    release_group,
    release_group_title,
    method,
    score,
    release_year,
    has_own_year,
    album_year,
    key,
    is_by_various,
    cardinality(spelled_as) AS spelled,
    CASE WHEN cardinality(spelled_as) > 1 THEN (
        SELECT jsonb_agg(jsonb_build_array(artist, album, each.plays, key) ORDER BY nth)
        FROM unnest(spelled_as[:{MAX_SPELLINGS}], plays_of_each[:{MAX_SPELLINGS}])
            WITH ORDINALITY AS each (id, plays, nth)
        JOIN albums USING (id)
    ) END AS spellings
"""  # noqa: S608  our own text
"""What a list says of each line."""
MOST_PLAYED = """
    CROSS JOIN LATERAL (
        SELECT artist, album, release_group, release_group_title, method, score, key
        FROM albums
        WHERE id = spelled_as[1]
        LIMIT 1
    ) AS most_played
"""
"""The spelling that a line has its names and its match from."""


def played(plays: PlayFilter) -> str:
    """Return what follows SELECT in a query of plays; its parameters are `parameters`."""
    return f"FROM ({plays.played_tracks}) AS played {COUNTED}"


def parameters(plays: PlayFilter) -> list[object]:
    """Return the parameters of that, in their order."""
    return [*plays.parameters, plays.by_song]


def list_albums(
    connection: Connection, plays: PlayFilter, released: Released | None, *, limit: int, offset: int = 0
) -> list[AlbumPlays]:
    """List the albums and songs that count for these release years, or with None for no year.

    Pending ones come last. Of the others, albums come before songs with a year of their own, and these before
    songs without an album; the most played first, songs grouped by album or by artist.
    """
    with connection.cursor(row_factory=kwargs_row(partial(read_album, AlbumPlays))) as cursor:
        cursor.execute(
            f"""
            WITH spelled AS (
                SELECT album,
                       listed_as,
                       song,
                       has_own_year,
                       is_pending,
                       sum(played.plays)::integer AS plays,
                       min(augmentation_status) AS augmentation_status,
                       min(counted.year) AS release_year,
                       min(release_year) AS album_year,
                       min(artist_key) AS artist_key,
                       bool_or(artists_differ) AS artists_differ,
                       bool_or(has_no_album) AS has_no_album
                {played(plays)}
                {_OF_YEARS if released else _OF_NO_YEAR}
                GROUP BY album, listed_as, song, has_own_year, is_pending
            ), listed AS (
                SELECT listed_as,
                       song,
                       has_own_year,
                       is_pending,
                       {SUMMED_UP}
                FROM spelled
                GROUP BY is_pending, {LINE}
                WINDOW heading AS (PARTITION BY is_pending, listed_as, has_own_year)
                ORDER BY {LIST_ORDER}
                LIMIT %s OFFSET %s
            )
            SELECT {LISTED}
            FROM listed
            {MOST_PLAYED}
            ORDER BY {LIST_ORDER}
            """.encode(),  # noqa: S608  our own text
            [*parameters(plays), *(released or ()), limit, offset],
        )
        return cursor.fetchall()


def read_album(kind: type[A], **columns: Any) -> A:
    """Read a row of a list."""
    spellings = columns.pop("spellings") or ()
    each = tuple(Spelling(artist, album, plays, UUID(key)) for artist, album, plays, key in spellings)
    return kind(**columns, spellings=each)


def count_albums(connection: Connection, plays: PlayFilter, released: Released | None) -> list[AlbumCounts]:
    """Count what that list has: a row each for what was looked up and what is pending, where there is any."""
    with connection.cursor(row_factory=class_row(AlbumCounts)) as cursor:
        cursor.execute(
            f"""
            SELECT is_pending,
                   count(*) FILTER (WHERE NOT has_no_album AND NOT has_own_year) AS albums,
                   count(*) FILTER (WHERE has_no_album) AS songs,
                   sum(plays)::integer AS plays,
                   count(*) FILTER (WHERE has_own_year) AS songs_with_own_year
            FROM (
                SELECT is_pending, has_own_year, bool_or(has_no_album) AS has_no_album, sum(played.plays) AS plays
                {played(plays)}
                {_OF_YEARS if released else _OF_NO_YEAR}
                GROUP BY is_pending, {LINE}
            ) AS listed
            GROUP BY is_pending
            ORDER BY is_pending
            """.encode(),  # noqa: S608  our own text
            [*parameters(plays), *(released or ())],
        )
        return cursor.fetchall()
