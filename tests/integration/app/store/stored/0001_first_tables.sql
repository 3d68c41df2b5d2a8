-- What was stored with the first tables. Keys are literal: this is how they were stored.
INSERT INTO lastfm_users (username, username_key, available_years, playcount, registered_at, first_year)
VALUES ('HeavyHelen', 'heavyhelen', '{2024, 2023}', 3, '2020-05-01Z', 2020);
INSERT INTO fetch_jobs (username_key, year, run, status, window_end, expected, completed_at, error_message)
VALUES ('heavyhelen', 2024, '17000000-0000-4000-8000-000000000001', 'completed', '2025-01-01Z', 3, '2025-02-01Z', NULL),
       ('heavyhelen', 2023, '17000000-0000-4000-8000-000000000002', 'failed', '2024-01-01Z', NULL, NULL, 'Last.fm does not answer');
INSERT INTO albums (key, artist_key, listed_as, artist, album, release_group, release_group_title, release_year,
                    augmentation_status, method, looked_up_at)
VALUES ('e8437746-f574-75c0-5d13-587dde647186', -5820586958445382030, 'b1392450-e666-3926-a536-22c65f834433',
        'Radiohead', 'OK Computer', 'b1392450-e666-3926-a536-22c65f834433', 'OK Computer', 1997,
        'matched', 'name', '2025-01-02Z'),
       ('3af37d82-92b8-fc89-8150-6a53bf5fdb62', -5820586958445382030, 'f78b6a64-ac00-7d2e-9582-7609964c8ddd',
        'Radiohead', '', NULL, NULL, NULL, 'not_found', NULL, '2025-01-02Z');
INSERT INTO tracks (key, album, title)
SELECT -8625480800331499042, id, 'Airbag' FROM albums WHERE album = 'OK Computer'
UNION ALL SELECT -3025293298823652819, id, 'Creep' FROM albums WHERE album = '';
INSERT INTO stretches (starts, ends, proven_at, user_id, missing, duplicates, undated, unreadable, seconds, tracks)
SELECT '2024-01-01Z', '2025-01-01Z', '2025-02-01Z', lastfm_users.id, 0, 0, 0, 0, '{10, 20, 30}',
       ARRAY[airbag.id, airbag.id, creep.id]
FROM lastfm_users, tracks AS airbag, tracks AS creep
WHERE airbag.title = 'Airbag' AND creep.title = 'Creep';
