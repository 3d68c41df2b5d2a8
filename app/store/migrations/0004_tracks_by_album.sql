-- Albums can be removed: for each one PostgreSQL looks for tracks that refer to it.
-- Not CONCURRENTLY, which is not possible in a transaction: it takes a second for a million tracks.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX tracks_by_album ON tracks (album);
