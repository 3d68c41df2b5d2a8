-- The first release of every recording, as MusicBrainz defines it: the smallest date over the releases it has a track
-- on that are not Cancelled (status 6), ordered as in release_group_meta.sql. No row where there is none.

INSERT INTO recording_first_release_date
WITH event AS (
    SELECT release, date_year, date_month, date_day FROM release_country
    UNION ALL
    SELECT release, date_year, date_month, date_day FROM release_unknown_country
), release_first AS (
    SELECT
        event.release,
        min(coalesce(date_year, 9999) * 10000 + coalesce(date_month, 99) * 100 + coalesce(date_day, 99)) AS date
    FROM event
    JOIN release ON release.id = event.release AND release.status IS DISTINCT FROM 6
    WHERE coalesce(date_year, date_month, date_day) IS NOT NULL
    GROUP BY event.release
), recording_first AS (
    SELECT track.recording, min(release_first.date) AS date
    FROM track
    JOIN medium ON medium.id = track.medium
    JOIN release_first ON release_first.release = medium.release
    GROUP BY track.recording
)
SELECT
    recording,
    nullif(date / 10000, 9999),
    nullif(date / 100 % 100, 99),
    nullif(date % 100, 99)
FROM recording_first;

ALTER TABLE recording_first_release_date ADD PRIMARY KEY (recording) WITH (fillfactor = 100);
