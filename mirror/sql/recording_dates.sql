-- The first release of every recording, as MusicBrainz defines it: the earliest date of the releases that have a track
-- of it and are not Cancelled (status 6). No row for a recording without one.
WITH dated AS (
    SELECT event.release, min(event.date) AS date
    FROM release_event AS event
    JOIN release ON release.id = event.release AND release.status IS DISTINCT FROM 6
    {only_releases}
    GROUP BY event.release
), first AS (
    SELECT track.recording, min(dated.date) AS date
    FROM track
    JOIN medium ON medium.id = track.medium
    JOIN dated ON dated.release = medium.release
    {only_recordings}
    GROUP BY track.recording
)
SELECT
    recording,
    nullif(date / 10000, 9999) AS year,
    nullif(date / 100 % 100, 99) AS month,
    nullif(date % 100, 99) AS day
FROM first
WHERE date < 99999999
