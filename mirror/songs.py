"""In which year a song was first released, by its artist and its name. Only a mirror with recordings knows."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import args_row

from mirror.database import Connection, readable_errors
from mirror.index import key_hash
from mirror.lookup import last_year
from mirror.names import NAMELESS, artist_keys, song_key

FIRST_YEAR = 1860  # of the oldest recording; what is dated earlier is mistyped


@dataclass(frozen=True)
class Song:
    """A track as it was scrobbled."""

    artist: str
    title: str


@readable_errors()
def has_recordings(connection: Connection) -> bool:
    """Whether this mirror can tell the years of songs."""
    row = connection.execute("SELECT to_regclass('recording_name') IS NOT NULL").fetchone()
    return bool(row and row[0])


@readable_errors()
def first_years(connection: Connection, songs: Sequence[Song]) -> list[int | None]:
    """The year of the earliest release that has a recording of this name by this artist, in the songs' order.

    None where there is none, and where artists of one name have such songs of different years. Asked by the whole
    name of the artist, then without guests, then by each part of a joint credit.
    """
    query = """
        SELECT asked.number, found.first, found.last
        FROM unnest(%s::integer[], %s::integer[], %s::integer[]) AS asked (number, artist, title)
        CROSS JOIN LATERAL (
            SELECT min(of_one.year) AS first, max(of_one.year) AS last
            FROM (
                SELECT min(first.year) AS year
                FROM artist_name
                JOIN recording_name AS name ON name.artist = artist_name.artist AND name.key = asked.title
                JOIN recording_first_release_date AS first ON first.recording = name.recording
                WHERE artist_name.key = asked.artist AND first.year BETWEEN %s AND %s
                GROUP BY artist_name.artist
            ) AS of_one
        ) AS found
        WHERE found.first IS NOT NULL
    """
    asked = [
        (song, key_hash(artist), key_hash(song_key(song.title)))
        for song in dict.fromkeys(songs)
        for artist in artist_keys(song.artist)
        if NAMELESS not in (artist, song_key(song.title))
    ]
    columns = [list(range(len(asked))), [artist for _, artist, _ in asked], [title for *_, title in asked]]
    years: dict[Song, int | None] = {}
    with connection.cursor(binary=True, row_factory=args_row(_numbered)) as cursor:
        cursor.execute(query, [*columns, FIRST_YEAR, last_year()], prepare=True)
        for number, first, last in sorted(cursor):
            years.setdefault(asked[number][0], first if first == last else None)
    return [years.get(song) for song in songs]


def _numbered(number: int, first: int, last: int) -> tuple[int, int, int]:
    return number, first, last
