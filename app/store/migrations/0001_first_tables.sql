-- Who listens. The key is the casefolded name: Last.fm's names do not differ by case.
CREATE TABLE lastfm_users (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username text NOT NULL,
    username_key text NOT NULL UNIQUE,
    available_years smallint[] NOT NULL,
    playcount bigint NOT NULL,
    registered_at timestamptz NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now()
);

-- One row per listener and year: who fetches it, how far it is, how it ended.
-- It names the listener by key, since a year is claimed before Last.fm has confirmed the name.
CREATE TABLE fetch_jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username_key text NOT NULL,
    year smallint NOT NULL,
    run uuid NOT NULL,
    status text NOT NULL
        CHECK (status IN ('pending', 'fetching', 'augmenting', 'completed', 'failed')),
    window_end timestamptz NOT NULL,
    resume_from timestamptz,
    progress integer NOT NULL DEFAULT 0,
    total_pages integer NOT NULL DEFAULT 0,
    expected integer,
    error_message text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    UNIQUE (username_key, year)
);
COMMENT ON COLUMN fetch_jobs.run IS 'New with every claim: a worker whose run is not here any more has lost the year';
COMMENT ON COLUMN fetch_jobs.window_end IS 'Exclusive end of what this run fetches, fixed before its first call';
COMMENT ON COLUMN fetch_jobs.resume_from IS 'Second of the newest committed scrobble; NULL: begin with the year';
COMMENT ON COLUMN fetch_jobs.expected IS 'How many scrobbles Last.fm counts in the window';
COMMENT ON COLUMN fetch_jobs.completed_at IS 'When the stored year was last known to be whole';

-- The cache of release years: an album is resolved once and serves every listener.
-- Names can be longer than a btree key may be, so that uniqueness goes over a hash of them.
CREATE TABLE albums (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key uuid NOT NULL UNIQUE,
    artist text NOT NULL,
    album text NOT NULL,
    album_mbid uuid,
    release_group uuid,
    release_year smallint,
    augmentation_status text NOT NULL DEFAULT 'pending'
        CHECK (augmentation_status IN ('pending', 'matched', 'fuzzy_matched', 'not_found')),
    method text,
    score real,
    looked_up_at timestamptz
);

-- The artist is the album's: Last.fm names a compilation's album once under each of its artists.
CREATE TABLE tracks (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key uuid NOT NULL UNIQUE,
    album integer NOT NULL REFERENCES albums (id),
    title text NOT NULL
);

-- Kept narrow on purpose: with its index a row stays under 100 bytes.
CREATE TABLE scrobbles (
    scrobbled_at timestamptz NOT NULL,
    user_id integer NOT NULL REFERENCES lastfm_users (id) ON DELETE CASCADE,
    track integer NOT NULL REFERENCES tracks (id),
    PRIMARY KEY (user_id, scrobbled_at, track)
);

CREATE VIEW scrobbles_flat AS
SELECT
    lastfm_users.username,
    scrobbles.scrobbled_at,
    tracks.title AS track_name,
    albums.artist AS artist_name,
    albums.album AS album_name,
    albums.album_mbid,
    albums.release_year,
    albums.augmentation_status
FROM scrobbles
JOIN lastfm_users ON lastfm_users.id = scrobbles.user_id
JOIN tracks ON tracks.id = scrobbles.track
JOIN albums ON albums.id = tracks.album;
