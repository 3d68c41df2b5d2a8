-- The year in which a song itself came out, kept where its album does not tell: there is none, or it is a compilation, a
-- live album or a DJ mix.
ALTER TABLE albums ADD COLUMN songs_differ boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN albums.songs_differ IS 'Its songs may have come out in other years than the album';
ALTER TABLE tracks ADD COLUMN song_year smallint;
ALTER TABLE tracks ADD COLUMN song_looked_up_at timestamptz;

-- By which year and which answer a play is counted: its album's, or the song's where there is no album.
CREATE VIEW placed_tracks AS
SELECT
    tracks.id,
    CASE WHEN albums.album = '' THEN tracks.song_year ELSE albums.release_year END AS release_year,
    CASE
        WHEN albums.album = '' AND tracks.song_year IS NOT NULL THEN 'matched'
        ELSE albums.augmentation_status
    END AS augmentation_status
FROM tracks
JOIN albums ON albums.id = tracks.album;

CREATE OR REPLACE VIEW scrobbles_flat AS
SELECT
    lastfm_users.username,
    scrobbles.scrobbled_at,
    tracks.title AS track_name,
    albums.artist AS artist_name,
    albums.album AS album_name,
    albums.album_mbid,
    placed_tracks.release_year,
    placed_tracks.augmentation_status
FROM scrobbles
JOIN lastfm_users ON lastfm_users.id = scrobbles.user_id
JOIN tracks ON tracks.id = scrobbles.track
JOIN placed_tracks ON placed_tracks.id = tracks.id
JOIN albums ON albums.id = tracks.album;
