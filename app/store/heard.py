"""What was heard: the albums and songs behind a chart's numbers, by the albums' years or the songs' own."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.store.albums import Status
from app.store.database import Connection
from app.store.scrobbles import Standing, year_bounds

Span = tuple[int, int]
"""The first and the last of some release years."""
LONGEST = 200
"""Letters of a name that travels with every event; Last.fm has some of thousands."""


@dataclass(frozen=True)
class Stretch:
    """What is asked about: what a listener scrobbled from `start` up to `end`, and by which year it counts."""

    user: int
    start: datetime
    end: datetime
    by_song: bool = False

    @property
    def parameters(self) -> list[object]:
        """In the order in which the queries have them."""
        return [self.user, self.start, self.end, self.by_song]


@dataclass(frozen=True)
class Heard:
    """What somebody listened to: an album, or a song without one, with what it was taken for."""

    artist: str
    album: str
    song: str
    """The song's title where there is no album or it is apart, else empty."""
    plays: int
    together: int
    """Plays of all such songs by the artist; of an album its own."""
    augmentation_status: Status
    release_group: UUID | None = None
    release_group_title: str | None = None
    method: str | None = None
    score: float | None = None
    release_year: int | None = None
    is_apart: bool = False
    """Whether it is a song that counts by another year than its album."""
    album_year: int | None = None
    key: UUID | None = None
    """The album's."""


@dataclass(frozen=True)
class Breadth:
    """How many albums, songs without one, and plays; either those the mirror was asked about, or the others."""

    is_pending: bool
    albums: int
    songs: int
    plays: int
    apart: int = 0
    """Songs that count by another year than their albums."""

    @property
    def rows(self) -> int:
        """All that is told one by one."""
        return self.albums + self.apart + self.songs


_HEARD = """
    FROM (
        SELECT track, count(*) AS plays
        FROM scrobbles
        WHERE user_id = %s AND scrobbled_at >= %s AND scrobbled_at < %s
        GROUP BY track
    ) AS played
    JOIN tracks ON tracks.id = played.track
    JOIN placed_tracks ON placed_tracks.id = played.track
    JOIN albums ON albums.id = tracks.album
    CROSS JOIN LATERAL (
        SELECT CASE WHEN %s THEN placed_tracks.song_release_year ELSE placed_tracks.release_year END AS year
    ) AS counted
    CROSS JOIN LATERAL (
        SELECT counted.year IS DISTINCT FROM placed_tracks.release_year AS is_apart
    ) AS told
    CROSS JOIN LATERAL (
        SELECT CASE WHEN albums.album = '' OR told.is_apart THEN tracks.title ELSE '' END AS song,
               CASE WHEN albums.album = '' OR told.is_apart THEN tracks.title ELSE albums.album END AS title
    ) AS named
"""
_OF_YEARS, _OF_NO_YEAR = "WHERE counted.year BETWEEN %s AND %s", "WHERE counted.year IS NULL"


def heard(
    connection: Connection, stretch: Stretch, released: Span | None, *, limit: int, offset: int = 0
) -> list[Heard]:
    """What counts for these release years; None: for no year.

    Those that the mirror was not asked about come last; of the others albums come before songs that count by
    another year than their album, and these before songs without one, the most played first, songs by album or
    by artist.
    """
    with connection.cursor(row_factory=class_row(Heard)) as cursor:
        cursor.execute(
            f"""
            SELECT albums.artist,
                   albums.album,
                   named.song,
                   sum(played.plays)::integer AS plays,
                   sum(sum(played.plays)) OVER (
                       PARTITION BY albums.id, placed_tracks.augmentation_status, told.is_apart
                   )::integer AS together,
                   placed_tracks.augmentation_status,
                   albums.release_group,
                   albums.release_group_title,
                   albums.method,
                   albums.score,
                   min(counted.year) AS release_year,
                   told.is_apart,
                   min(placed_tracks.release_year) AS album_year,
                   albums.key
            {_HEARD}
            {_OF_YEARS if released else _OF_NO_YEAR}
            GROUP BY albums.id, named.song, placed_tracks.augmentation_status, told.is_apart
            ORDER BY placed_tracks.augmentation_status = 'pending', albums.album = '', told.is_apart,
                     together DESC, albums.id, plays DESC, named.song
            LIMIT %s OFFSET %s
            """.encode(),
            [*stretch.parameters, *(released or ()), limit, offset],
        )
        return cursor.fetchall()


def breadth(connection: Connection, stretch: Stretch, released: Span | None) -> list[Breadth]:
    """How much that is, without those parts that are empty."""
    with connection.cursor(row_factory=class_row(Breadth)) as cursor:
        cursor.execute(
            f"""
            SELECT placed_tracks.augmentation_status = 'pending' AS is_pending,
                   count(DISTINCT albums.id) FILTER (WHERE albums.album <> '' AND NOT told.is_apart) AS albums,
                   count(*) FILTER (WHERE albums.album = '') AS songs,
                   sum(played.plays)::integer AS plays,
                   count(*) FILTER (WHERE told.is_apart) AS apart
            {_HEARD}
            {_OF_YEARS if released else _OF_NO_YEAR}
            GROUP BY is_pending
            ORDER BY is_pending
            """.encode(),
            [*stretch.parameters, *(released or ())],
        )
        return cursor.fetchall()


_MOST_PLAYED = f"""
    SELECT counted.year AS release_year,
           albums.artist,
           named.title,
           sum(played.plays)::integer AS plays
    {_HEARD}
    WHERE counted.year IS NOT NULL
    GROUP BY counted.year, albums.id, told.is_apart, named.title
"""


@dataclass(frozen=True)
class Favourite:
    """One of the albums, or songs told by themselves, with the most plays of its release year."""

    release_year: int
    artist: str
    title: str
    plays: int


def favourites(connection: Connection, stretch: Stretch, *, each: int) -> list[Favourite]:
    """Of every release year the `each` most played."""
    with connection.cursor(row_factory=class_row(Favourite)) as cursor:
        cursor.execute(
            f"""
            SELECT release_year, artist, title, plays
            FROM (
                SELECT *, row_number() OVER (
                           PARTITION BY release_year ORDER BY plays DESC, artist, title
                       ) AS rank
                FROM ({_MOST_PLAYED}) AS heard
            ) AS ranked
            WHERE rank <= %s
            ORDER BY release_year, rank
            """.encode(),  # noqa: S608  our own text
            [*stretch.parameters, each],
        )
        return cursor.fetchall()


@dataclass(frozen=True)
class Ends:
    """The favourites of the first release year and of the last, by the albums' years and by the songs' own."""

    ends: tuple[Favourite, Favourite] | None = None
    song_ends: tuple[Favourite, Favourite] | None = None


def ends(connection: Connection, user: int, year: int, standing: Standing) -> Ends:
    """Those of a listener's year that stands so; the songs' own only where they make another chart."""
    stretch = Stretch(user, *year_bounds(year))
    of_albums = _ends(connection, stretch) if standing.years else None
    of_songs = _ends(connection, replace(stretch, by_song=True)) if standing.song_years else None
    return Ends(of_albums, of_songs)


def _ends(connection: Connection, stretch: Stretch) -> tuple[Favourite, Favourite] | None:
    with connection.cursor(row_factory=class_row(Favourite)) as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT ON (release_year)
                   release_year, left(artist, %s) AS artist, left(title, %s) AS title, plays
            FROM (
                SELECT *, min(release_year) OVER () AS oldest, max(release_year) OVER () AS newest
                FROM ({_MOST_PLAYED}) AS heard
            ) AS ranged
            WHERE release_year IN (oldest, newest)
            ORDER BY release_year, plays DESC, ranged.artist, ranged.title
            """.encode(),  # noqa: S608  our own text
            [LONGEST, LONGEST, *stretch.parameters],
        )
        found = cursor.fetchall()
    return (found[0], found[-1]) if found else None
