-- By which year a play is counted where songs count by their own first release: the song's where that is known, else its
-- album's. A song is never younger than an album it is on, whatever MusicBrainz lacks.
CREATE OR REPLACE VIEW placed_tracks AS
SELECT
    tracks.id,
    CASE WHEN albums.album = '' THEN tracks.song_year ELSE albums.release_year END AS release_year,
    CASE
        WHEN albums.album <> '' THEN albums.augmentation_status
        WHEN tracks.song_year IS NOT NULL THEN 'matched'
        WHEN albums.augmentation_status = 'pending' THEN 'pending'
        ELSE 'not_found'
    END AS augmentation_status,
    albums.album <> ''
    AND albums.augmentation_status = 'matched'
    AND coalesce(albums.method LIKE 'mbid%', FALSE) AS by_mbid,
    CASE
        WHEN albums.album = '' THEN tracks.song_year
        ELSE least(tracks.song_year, albums.release_year)
    END AS song_release_year
FROM tracks
JOIN albums ON albums.id = tracks.album;
