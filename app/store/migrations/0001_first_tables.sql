-- Listeners. The key is the casefolded name: names at Last.fm do not differ by case.
CREATE TABLE lastfm_users (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username text NOT NULL,
    username_key text NOT NULL UNIQUE,
    available_years smallint[] NOT NULL,
    playcount bigint NOT NULL,
    registered_at timestamptz,
    first_year smallint,
    checked_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN lastfm_users.registered_at IS 'NULL: Last.fm does not say';
COMMENT ON COLUMN lastfm_users.first_year IS
    'Year of the oldest play or of the registration, whichever came first; NULL: not asked for yet';

-- One row per listener and year: which run fetches it, how far it is, how it ended.
-- It names the listener by key, since a year is claimed before Last.fm has confirmed the name.
CREATE TABLE fetch_jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username_key text NOT NULL,
    year smallint NOT NULL,
    run uuid NOT NULL,
    status text NOT NULL
        CHECK (status IN ('queued', 'fetching', 'augmenting', 'completed', 'failed')),
    window_end timestamptz NOT NULL,
    prove_since timestamptz,
    expected integer,
    added integer NOT NULL DEFAULT 0,
    removed integer NOT NULL DEFAULT 0,
    tries smallint NOT NULL DEFAULT 0,
    next_try_at timestamptz,
    error_message text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    UNIQUE (username_key, year)
);
COMMENT ON COLUMN fetch_jobs.run IS 'New with every claim: a worker whose run is no longer here has lost the year';
COMMENT ON COLUMN fetch_jobs.window_end IS 'Exclusive end of what this run fetches, fixed before its first call';
COMMENT ON COLUMN fetch_jobs.prove_since IS 'What was proven before is to be proven again; NULL: only what needs it';
COMMENT ON COLUMN fetch_jobs.expected IS 'How many scrobbles Last.fm counts in the window';
COMMENT ON COLUMN fetch_jobs.added IS 'Plays that the latest reading found in addition to a year that was whole';
COMMENT ON COLUMN fetch_jobs.removed IS 'Plays of such a year that it found to be gone';
COMMENT ON COLUMN fetch_jobs.tries IS 'How often in a row Last.fm gave no usable answer';
COMMENT ON COLUMN fetch_jobs.next_try_at IS 'When Last.fm is asked again after that';
COMMENT ON COLUMN fetch_jobs.completed_at IS 'When the stored year was last known to be complete';

-- The cache of release years: an album is matched once and serves every listener.
-- Names can be longer than a btree key may be, so uniqueness goes over a hash of them.
-- All plays of an artist without an album share one row, whose album is ''.
CREATE TABLE albums (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key uuid NOT NULL UNIQUE,
    artist_key bigint NOT NULL,
    listed_as uuid NOT NULL,
    artist text NOT NULL,
    album text NOT NULL,
    album_mbid uuid,
    release_group uuid,
    release_group_title text,
    release_year smallint,
    songs_differ boolean NOT NULL DEFAULT false,
    artists_differ boolean NOT NULL DEFAULT false,
    augmentation_status text NOT NULL DEFAULT 'pending'
        CHECK (augmentation_status IN ('pending', 'matched', 'fuzzy_matched', 'not_found')),
    method text,
    score real,
    looked_up_at timestamptz,
    misses smallint NOT NULL DEFAULT 0,
    charts_stale boolean
);
COMMENT ON COLUMN albums.artist_key IS 'The same for all spellings of the artist: a hash of the folded name';
COMMENT ON COLUMN albums.listed_as IS
'The same for all spellings of an album: its release group; a hash of both folded names where none is known';
COMMENT ON COLUMN albums.release_group IS 'The album at MusicBrainz that this one was matched with';
COMMENT ON COLUMN albums.songs_differ IS
'Whether its songs may have come out in other years: a compilation, a live album, a DJ mix';
COMMENT ON COLUMN albums.artists_differ IS
'Whether its songs are by several artists: an album by Various Artists, a DJ mix';
COMMENT ON COLUMN albums.misses IS 'How often in a row it was not found; each miss doubles the wait until the next try';
COMMENT ON COLUMN albums.charts_stale IS 'Its answer has changed, and cached charts with it have not been dropped yet; else NULL';
CREATE INDEX albums_with_stale_charts ON albums (id) WHERE charts_stale;

-- The artist is the album's: Last.fm names a compilation's album once under each of its artists.
CREATE TABLE tracks (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bigint NOT NULL UNIQUE,
    album integer NOT NULL REFERENCES albums (id),
    title text NOT NULL,
    song_year smallint,
    song_looked_up_at timestamptz,
    charts_stale boolean
);
COMMENT ON COLUMN tracks.song_year IS 'When the song itself came out, where its album does not say';
COMMENT ON COLUMN tracks.charts_stale IS 'As albums.charts_stale, for the song''s own year';
CREATE INDEX tracks_with_stale_charts ON tracks (id) WHERE charts_stale;

-- A stretch of a listener's time with its plays, read as a whole and replaced as a whole. One row for up to a
-- thousand plays: a row for each of them would take ten times the space. Stretches of a listener never overlap.
CREATE TABLE stretches (
    starts timestamptz NOT NULL,
    ends timestamptz NOT NULL,
    proven_at timestamptz,
    user_id integer NOT NULL REFERENCES lastfm_users (id) ON DELETE CASCADE,
    missing integer,
    duplicates integer NOT NULL,
    undated integer NOT NULL,
    unreadable integer NOT NULL,
    seconds integer [] NOT NULL,
    tracks integer [] NOT NULL,
    PRIMARY KEY (user_id, starts),
    CONSTRAINT stretches_lie_in_one_year CHECK (
        starts < ends
        AND ends AT TIME ZONE 'UTC' <= date_trunc('year', starts AT TIME ZONE 'UTC') + interval '1 year'
    ),
    CONSTRAINT plays_lie_in_their_stretch CHECK (
        0 <= ALL (seconds) AND extract(EPOCH FROM ends - starts)::integer > ALL (seconds)
    ),
    CONSTRAINT every_play_has_a_track CHECK (
        cardinality(seconds) = cardinality(tracks) AND array_position(tracks, NULL) IS NULL
    )
);
COMMENT ON COLUMN stretches.ends IS 'The first second after it';
COMMENT ON COLUMN stretches.proven_at IS
'When an answer of Last.fm''s said how many plays it has, and showed as many but for the missing; NULL: to be read again';
COMMENT ON COLUMN stretches.missing IS
'Plays that Last.fm counts and does not hand over, which makes it a gap; NULL: it does not even count them';
COMMENT ON COLUMN stretches.duplicates IS 'Plays that Last.fm lists again with the same second and names';
COMMENT ON COLUMN stretches.undated IS 'Plays that Last.fm lists without a time';
COMMENT ON COLUMN stretches.unreadable IS 'Rows of Last.fm''s that are no plays';
COMMENT ON COLUMN stretches.seconds IS 'When each play began, in seconds after the start of the stretch, in order';
COMMENT ON COLUMN stretches.tracks IS 'Of each play the id of its track';

-- The release year that a play of each track counts for.
-- Without an album only the song's own year counts; what the artist's shared row was matched with says nothing about it.
-- Counted by song, the song's own year is taken where it is known and not later than its album's.
CREATE VIEW placed_tracks AS
SELECT
    tracks.id,
    tracks.title,
    tracks.album,
    albums.listed_as,
    albums.artist_key,
    albums.artists_differ,
    albums.album = '' AS has_no_album,
    CASE WHEN albums.album = '' THEN tracks.song_year ELSE albums.release_year END AS release_year,
    CASE
        WHEN albums.album <> '' THEN albums.augmentation_status
        WHEN tracks.song_year IS NOT NULL THEN 'matched'
        WHEN albums.augmentation_status = 'pending' THEN 'pending'
        ELSE 'not_found'
    END AS augmentation_status,
    albums.album <> ''
    AND albums.augmentation_status = 'matched'
    AND coalesce(albums.method LIKE 'mbid%', FALSE) AS by_mbid,
    CASE
        WHEN albums.album = '' THEN tracks.song_year
        ELSE least(tracks.song_year, albums.release_year)
    END AS song_release_year
FROM tracks
JOIN albums ON albums.id = tracks.album;

CREATE VIEW scrobbles_flat AS
SELECT
    lastfm_users.username,
    stretches.starts + make_interval(secs => plays.second) AS scrobbled_at,
    tracks.title AS track_name,
    albums.artist AS artist_name,
    albums.album AS album_name,
    albums.album_mbid,
    placed_tracks.release_year,
    placed_tracks.augmentation_status
FROM stretches
CROSS JOIN LATERAL unnest(stretches.seconds, stretches.tracks) AS plays (second, track)
JOIN lastfm_users ON lastfm_users.id = stretches.user_id
JOIN tracks ON tracks.id = plays.track
JOIN placed_tracks ON placed_tracks.id = tracks.id
JOIN albums ON albums.id = tracks.album;
