-- Replace the release groups without dates by those with dates, once nothing reads the former any more.

DROP TABLE release_group;

ALTER TABLE release_group_dated RENAME TO release_group;

-- MusicBrainz's name for these dates, so that its own queries run unchanged.
CREATE VIEW release_group_meta AS
SELECT
    id,
    (SELECT count(*)::integer FROM release WHERE release.release_group = release_group.id) AS release_count,
    (nullif(first_release_date / 10000, 9999))::smallint AS first_release_date_year,
    (nullif(first_release_date / 100 % 100, 99))::smallint AS first_release_date_month,
    (nullif(first_release_date % 100, 99))::smallint AS first_release_date_day
FROM release_group;
