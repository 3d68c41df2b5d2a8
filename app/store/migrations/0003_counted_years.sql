-- The plays of a year may be removed to make room; what was counted of it stays.
ALTER TABLE fetch_jobs
ADD COLUMN looked_at timestamptz NOT NULL DEFAULT now(),
ADD COLUMN plays_removed_at timestamptz;
COMMENT ON COLUMN fetch_jobs.looked_at IS 'When somebody looked at the year last, as far as Redis has told';
COMMENT ON COLUMN fetch_jobs.plays_removed_at IS
'When its plays were removed to make room, until all of them are read again; NULL: all that was read is here';

CREATE TABLE counted_years (
    job bigint PRIMARY KEY REFERENCES fetch_jobs (id) ON DELETE CASCADE,
    counted jsonb NOT NULL
);
COMMENT ON TABLE counted_years IS 'What a year without its plays came to: a statistic of our own, of some kilobytes';
