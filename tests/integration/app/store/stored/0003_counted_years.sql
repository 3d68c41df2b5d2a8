INSERT INTO fetch_jobs (username_key, year, run, status, window_end, expected, completed_at, plays_removed_at)
VALUES ('heavyhelen', 2022, '17000000-0000-4000-8000-000000000004', 'completed', '2023-01-01Z', 5, '2023-02-01Z',
        '2025-03-01Z');
INSERT INTO counted_years (job, counted)
SELECT id, '{"scrobbles": 5, "matched": 4, "not_found": 1, "years": {"1973": 4}}' FROM fetch_jobs WHERE year = 2022;
