"""Release years of songs, by artist and title. Only a mirror with recordings has them."""

from collections.abc import Sequence
from dataclasses import dataclass

from mirror.database import Connection, readable_errors
from mirror.derived.mojibake import mend
from mirror.derived.name_index import key_hash
from mirror.derived.names import NAMELESS, artist_key, artist_keys, song_key
from mirror.plausible_years import EARLIEST_RELEASE_YEAR, latest_release_year


@dataclass(frozen=True)
class SongName:
    """A song as it was scrobbled."""

    artist: str
    title: str


@readable_errors()
def song_years(connection: Connection, songs: Sequence[SongName]) -> list[int | None]:
    """Return for each song the year of the earliest release with a recording of this title by this artist.

    None if there is no such release, or if artists of one name have such songs from different years. The artist is
    searched for by the whole name; if nobody has that, without guests, then by each part of a joint credit.
    """
    query = """
        SELECT wanted.number, found.first, found.last
        FROM unnest(%s::integer[], %s::integer[], %s::integer[], %s::integer[])
            AS wanted (number, whole, artist, title)
        CROSS JOIN LATERAL (
            SELECT min(by_artist.year) AS first, max(by_artist.year) AS last
            FROM (
                SELECT min(first.year) AS year
                FROM artist_name
                JOIN recording_name AS name ON name.artist = artist_name.artist AND name.key = wanted.title
                JOIN recording_first_release_date AS first ON first.recording = name.recording
                WHERE artist_name.key = wanted.artist
                AND (
                    wanted.artist = wanted.whole
                    OR NOT EXISTS (SELECT FROM artist_name AS known WHERE known.key = wanted.whole)
                )
                AND first.year BETWEEN %s AND %s
                GROUP BY artist_name.artist
            ) AS by_artist
        ) AS found
        WHERE found.first IS NOT NULL
    """
    distinct = {song.title for song in songs}
    keys = {title: [*dict.fromkeys(map(song_key, dict.fromkeys([title, mend(title)])))] for title in distinct}
    wanted = [
        (song, key_hash(artist_key(song.artist)), key_hash(artist), key_hash(title))
        for song in dict.fromkeys(songs)
        for title in keys[song.title]
        for artist in artist_keys(song.artist)
        if NAMELESS not in (artist, title)
    ]
    columns = [list(range(len(wanted))), *([row[place] for row in wanted] for place in (1, 2, 3))]
    years: dict[SongName, int | None] = {}
    with connection.cursor(binary=True) as cursor:
        cursor.execute(query, [*columns, EARLIEST_RELEASE_YEAR, latest_release_year()], prepare=True)
        for number, first, last in sorted(cursor):
            years.setdefault(wanted[number][0], first if first == last else None)
    return [years.get(song) for song in songs]
