-- The first release of every group, as MusicBrainz defines it: the smallest date over its releases that are not
-- Cancelled (status 6), by year, then month, then day, where a part that is not known comes last. As one number a date
-- has that order and is found by a plain min(): 1973-03 is 19730399.

INSERT INTO release_group_meta (id, gid, release_count, first_release_date_year, first_release_date_month,
                                first_release_date_day)
WITH event AS (
    SELECT release, date_year, date_month, date_day FROM release_country
    UNION ALL
    SELECT release, date_year, date_month, date_day FROM release_unknown_country
), release_first AS (
    SELECT
        release,
        min(coalesce(date_year, 9999) * 10000 + coalesce(date_month, 99) * 100 + coalesce(date_day, 99)) AS date
    FROM event
    GROUP BY release
), release_group_first AS (
    SELECT
        release.release_group,
        count(*) AS release_count,
        min(release_first.date) FILTER (WHERE release.status IS DISTINCT FROM 6) AS date
    FROM release
    LEFT JOIN release_first ON release_first.release = release.id
    GROUP BY release.release_group
)
SELECT
    release_group.id,
    release_group.gid,
    coalesce(first.release_count, 0),
    nullif(first.date / 10000, 9999),
    nullif(first.date / 100 % 100, 99),
    nullif(first.date % 100, 99)
FROM release_group
LEFT JOIN release_group_first AS first ON first.release_group = release_group.id;

ALTER TABLE release_group_meta ADD PRIMARY KEY (id) INCLUDE (gid, first_release_date_year);
