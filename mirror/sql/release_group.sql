-- The groups with their dates take the place of those without; done when nobody reads these any more.

DROP TABLE release_group;

ALTER TABLE release_group_dated RENAME TO release_group;

-- MusicBrainz's own table of these dates, for its own queries.
CREATE VIEW release_group_meta AS
SELECT
    id,
    (SELECT count(*)::integer FROM release WHERE release.release_group = release_group.id) AS release_count,
    (nullif(first_release_date / 10000, 9999))::smallint AS first_release_date_year,
    (nullif(first_release_date / 100 % 100, 99))::smallint AS first_release_date_month,
    (nullif(first_release_date % 100, 99))::smallint AS first_release_date_day
FROM release_group;
