-- Plays without an album share one row of albums for each artist: whatever that was taken for, it says nothing of a song
-- but whether it was asked about.
CREATE OR REPLACE VIEW placed_tracks AS
SELECT
    tracks.id,
    CASE WHEN albums.album = '' THEN tracks.song_year ELSE albums.release_year END AS release_year,
    CASE
        WHEN albums.album <> '' THEN albums.augmentation_status
        WHEN tracks.song_year IS NOT NULL THEN 'matched'
        WHEN albums.augmentation_status = 'pending' THEN 'pending'
        ELSE 'not_found'
    END AS augmentation_status
FROM tracks
JOIN albums ON albums.id = tracks.album;

-- What an MBID once said about them said it about one play of many.
UPDATE albums
SET album_mbid = NULL,
    release_group = NULL,
    release_group_title = NULL,
    release_year = NULL,
    method = NULL,
    score = NULL,
    augmentation_status = 'not_found'
WHERE album = '' AND augmentation_status <> 'pending';
