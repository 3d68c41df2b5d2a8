-- For every group with a dated release: its first release as MusicBrainz defines it, the smallest date over its releases
-- that are not Cancelled (status 6), and the year that we answer. This one passes over years before the first recording,
-- which are mistyped ones, and over bootlegs and pseudo-releases (3 and 4) where official releases (1) have years.
SELECT
    release.release_group AS id,
    nullif(min(event.date) FILTER (WHERE release.status IS DISTINCT FROM 6), 99999999) AS first_release_date,
    coalesce(
        CASE
            WHEN bool_or(release.status = 1 AND event.date BETWEEN 18600000 AND 99989999)
            THEN min(event.date) FILTER (WHERE coalesce(release.status, 1) NOT IN (3, 4, 6) AND event.date >= 18600000)
        END,
        min(event.date) FILTER (
            WHERE release.status IS DISTINCT FROM 6 AND event.date BETWEEN 18600000 AND 99989999
        )
    ) / 10000 AS year
FROM release
JOIN release_event AS event ON event.release = release.id
{only}
GROUP BY release.release_group
