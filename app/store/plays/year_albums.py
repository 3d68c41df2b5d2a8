"""Year albums: what the sentences about a listener's year are made of, in one query."""

from app.insights.year_albums import MAX_NAME_LENGTH, TOP, PlayedAlbum, YearAlbums
from app.listening_years import year_bounds
from app.store.database import Connection
from app.store.fetch_jobs import FetchJob
from app.store.plays import counted_years
from app.store.plays.album_plays import VARIOUS_ARTISTS
from app.store.plays.counted_years import CountedYear

_MONTHS = ", ".join(f"coalesce(sum(plays) FILTER (WHERE month = {month}), 0)" for month in range(1, 13))
# An album is one line as in the lists: of its spellings the one with the most plays names it; of two with as many,
# one that was matched for sure.
_QUERY = f"""
    WITH played AS (
        SELECT track,
               EXTRACT(month FROM (starts + make_interval(secs => second)) AT TIME ZONE 'UTC')::integer AS month,
               count(*) AS plays
        FROM stretches
        CROSS JOIN LATERAL unnest(seconds, tracks) AS play (second, track)
        WHERE user_id = %(user)s AND starts >= %(start)s AND starts < %(end)s
        GROUP BY track, month
    ), placed AS (
        SELECT released,
               listed_as,
               CASE WHEN has_no_album OR has_own_year THEN title ELSE '' END AS song,
               CASE WHEN has_own_year THEN artist_key END AS songs_artist,
               album,
               artist_key,
               artists_differ,
               augmentation_status,
               month,
               plays
        FROM played
        JOIN placed_tracks ON placed_tracks.id = played.track
        CROSS JOIN LATERAL (
            SELECT CASE WHEN %(by_song)s THEN song_release_year ELSE release_year END AS released
        ) AS counted
        CROSS JOIN LATERAL (SELECT released IS DISTINCT FROM release_year AS has_own_year) AS own
        WHERE released IS NOT NULL
    ), spelled AS (
        SELECT DISTINCT ON (released, listed_as, song, songs_artist)
               released, listed_as, song, songs_artist, album AS spelled_as
        FROM placed
        GROUP BY released, listed_as, song, songs_artist, album
        ORDER BY released, listed_as, song, songs_artist, sum(plays) DESC,
                 min(augmentation_status) = 'fuzzy_matched', album
    ), lines AS (
        SELECT released,
               listed_as,
               song,
               songs_artist,
               sum(plays)::integer AS plays,
               bool_or(artists_differ) AND min(artist_key) <> max(artist_key) AS is_by_various,
               ARRAY[{_MONTHS}]::integer[] AS months
        FROM placed
        GROUP BY released, listed_as, song, songs_artist
    ), ranked AS (
        SELECT *,
               row_number() OVER (ORDER BY plays DESC, listed_as, song, released) AS nth,
               row_number() OVER (PARTITION BY released / 10 ORDER BY plays DESC, listed_as, song) AS nth_of_ten,
               row_number() OVER (PARTITION BY released ORDER BY plays DESC, listed_as, song) AS nth_of_year,
               sum(plays) OVER (ORDER BY plays DESC, listed_as, song, released ROWS UNBOUNDED PRECEDING) AS up_to,
               sum(plays) OVER () AS whole,
               min(released) OVER () AS oldest
        FROM lines
    )
    SELECT released,
           CASE WHEN is_by_various THEN '{VARIOUS_ARTISTS}' ELSE artist END,
           CASE WHEN song = '' THEN albums.album ELSE song END,
           plays,
           song <> '',
           months,
           (SELECT count(*) FROM ranked),
           (SELECT count(*) FROM ranked WHERE 2 * (up_to - plays) < whole),
           (SELECT bool_or(song <> '') FROM ranked)
    FROM ranked
    JOIN spelled USING (released, listed_as, song)
    JOIN albums ON albums.id = spelled_as
    WHERE (nth <= {TOP} OR nth_of_ten = 1 OR (released = oldest AND nth_of_year = 1))
      AND ranked.songs_artist IS NOT DISTINCT FROM spelled.songs_artist
    ORDER BY nth
"""  # noqa: S608  our own text


def find(connection: Connection, user: int, year: int, *, by_song: bool) -> YearAlbums:
    """Read the albums of a year whose plays are stored, counted by their own years or by those of the songs."""
    start, end = year_bounds(year)
    rows = connection.execute(
        _QUERY.encode(), {"user": user, "start": start, "end": end, "by_song": by_song}
    ).fetchall()
    if not rows:
        return YearAlbums()
    albums = [
        PlayedAlbum(
            released=released,
            artist=_short(artist),
            title=_short(title),
            plays=plays,
            is_song=is_song,
            months=tuple(months),
        )
        for released, artist, title, plays, is_song, months, *_ in rows
    ]
    *_, count, half, has_songs = rows[0]
    return YearAlbums(albums=tuple(albums), count=count, half=half, has_songs=has_songs)


def find_of_job(connection: Connection, job: FetchJob, user: int, *, by_song: bool) -> YearAlbums:
    """Read them of a job's year; where its plays were removed to make room, as far as they were kept."""
    if job.plays_removed_at is None:
        return find(connection, user, job.year, by_song=by_song)
    return _kept(counted_years.find(connection, job.id), by_song=by_song)


def _kept(counted: CountedYear, *, by_song: bool) -> YearAlbums:
    top = counted.top_songs if by_song and counted.top_songs else counted.top_albums
    return YearAlbums(
        albums=tuple(
            PlayedAlbum(
                released=one.release_year,
                artist=_short(one.artist),
                title=_short(one.title),
                plays=one.plays,
                is_song=None,
            )
            for one in top
        )
    )


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"
