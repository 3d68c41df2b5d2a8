-- What an album was taken for, so that everybody can see it, and how often in a row nothing was found for it.
ALTER TABLE albums ADD COLUMN release_group_title text;
ALTER TABLE albums ADD COLUMN misses smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN albums.misses IS 'After each the wait until it is asked for again doubles';
