-- The tables that only the profile `recordings` has.

CREATE TABLE medium (
    id integer NOT NULL,
    release integer NOT NULL
);

CREATE TABLE recording (
    id integer NOT NULL,
    gid uuid NOT NULL,
    artist_credit integer NOT NULL,
    name text COLLATE "C" NOT NULL
);

CREATE TABLE recording_gid_redirect (
    gid uuid NOT NULL,
    new_id integer NOT NULL
);

CREATE TABLE track (
    id integer NOT NULL,
    recording integer NOT NULL,
    medium integer NOT NULL
);

-- Computed by us: recording_first_release_date.sql.
CREATE TABLE recording_first_release_date (
    recording integer NOT NULL,
    year smallint,
    month smallint,
    day smallint
);

-- The titles of recordings by each of their artists, as the hash of the title's key (names.py).
CREATE TABLE recording_name (
    artist integer NOT NULL,
    key integer NOT NULL,
    recording integer NOT NULL
);
