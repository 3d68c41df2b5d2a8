-- The release groups with their dates, which the export lacks. A new table, since an update would leave twice its
-- size.

CREATE TABLE release_group_dated (LIKE release_group);

INSERT INTO release_group_dated (id, gid, artist_credit, type, year, first_release_date, name, comment)
SELECT
    undated.id,
    undated.gid,
    undated.artist_credit,
    undated.type,
    dates.year,
    dates.first_release_date,
    undated.name,
    undated.comment
FROM release_group AS undated
LEFT JOIN ({dates}) AS dates ON dates.id = undated.id;
