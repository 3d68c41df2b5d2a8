-- For every release group with a dated release: its first release date as MusicBrainz defines it, the earliest date of
-- its releases that are not Cancelled (status 6), and the release year that we use. The latter ignores years before
-- the first sound recording, which are typing errors, and bootlegs and pseudo-releases (3 and 4) if official releases
-- (1) have years.
SELECT
    release.release_group AS id,
    nullif(min(event.date) FILTER (WHERE release.status IS DISTINCT FROM 6), 99999999) AS first_release_date,
    coalesce(
        CASE
            WHEN bool_or(release.status = 1 AND event.date BETWEEN {earliest} AND 99989999)
            THEN min(event.date) FILTER (WHERE coalesce(release.status, 1) NOT IN (3, 4, 6) AND event.date >= {earliest})
        END,
        min(event.date) FILTER (
            WHERE release.status IS DISTINCT FROM 6 AND event.date BETWEEN {earliest} AND 99989999
        )
    ) / 10000 AS year
FROM release
JOIN release_event AS event ON event.release = release.id
{only}
GROUP BY release.release_group
