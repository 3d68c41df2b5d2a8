-- Whether a play was placed by its album's MBID, so that a page can tell how much rests on names.
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
    AND coalesce(albums.method LIKE 'mbid%', FALSE) AS by_mbid
FROM tracks
JOIN albums ON albums.id = tracks.album;
