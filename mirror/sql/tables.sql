-- The tables that we keep of MusicBrainz, under its names. Keys and indexes are built after the rows are loaded
-- (indexes.sql). There are no foreign keys and no checks: MusicBrainz has them, and replication passes through states
-- that break them. Text is sorted by its bytes, so that an update of the system's locales never damages an index.
-- Columns are ordered so that no bytes are lost to padding.

CREATE TABLE artist (
    id integer NOT NULL,
    name text COLLATE "C" NOT NULL
);

CREATE TABLE artist_alias (
    id integer NOT NULL,
    artist integer NOT NULL,
    name text COLLATE "C" NOT NULL
);

CREATE TABLE artist_credit (
    id integer NOT NULL,
    name text COLLATE "C" NOT NULL
);

CREATE TABLE artist_credit_name (
    artist_credit integer NOT NULL,
    position smallint NOT NULL,
    artist integer NOT NULL
);

CREATE TABLE release (
    id integer NOT NULL,
    gid uuid NOT NULL,
    release_group integer NOT NULL,
    status smallint,
    name text COLLATE "C" NOT NULL
);

CREATE TABLE release_alias (
    id integer NOT NULL,
    release integer NOT NULL,
    name text COLLATE "C" NOT NULL
);

CREATE TABLE release_country (
    release integer NOT NULL,
    country integer NOT NULL,
    date_year smallint,
    date_month smallint,
    date_day smallint
);

CREATE TABLE release_gid_redirect (
    gid uuid NOT NULL,
    new_id integer NOT NULL
);

-- We compute the last two ourselves (release_group.sql): MusicBrainz publishes its dates under a non-commercial
-- licence.
CREATE TABLE release_group (
    id integer NOT NULL,
    gid uuid NOT NULL,
    artist_credit integer NOT NULL,
    type smallint,
    year smallint,
    first_release_date integer,
    name text COLLATE "C" NOT NULL,
    comment text COLLATE "C" NOT NULL
);

CREATE TABLE release_group_alias (
    id integer NOT NULL,
    release_group integer NOT NULL,
    name text COLLATE "C" NOT NULL
);

CREATE TABLE release_group_gid_redirect (
    gid uuid NOT NULL,
    new_id integer NOT NULL
);

CREATE TABLE release_group_secondary_type_join (
    release_group integer NOT NULL,
    secondary_type integer NOT NULL
);

CREATE TABLE release_unknown_country (
    release integer NOT NULL,
    date_year smallint,
    date_month smallint,
    date_day smallint
);

-- Every date of every release as one number, which sorts as MusicBrainz sorts dates: by year, month and day, with
-- unknown parts last. March 1973 is 19730399.
CREATE VIEW release_event AS
SELECT
    release,
    coalesce(date_year, 9999) * 10000 + coalesce(date_month, 99) * 100 + coalesce(date_day, 99) AS date
FROM (
    SELECT release, date_year, date_month, date_day FROM release_country
    UNION ALL
    SELECT release, date_year, date_month, date_day FROM release_unknown_country
) AS event;

-- The titles of albums by each of their artists, as the hash of the title's key (names.py).
CREATE TABLE album_name (
    artist integer NOT NULL,
    key integer NOT NULL,
    release_group integer NOT NULL
);

-- The names of the artists of these albums, as the hashes of the name's key and of its halves. A single wrong letter
-- leaves one of the halves as it is.
CREATE TABLE artist_name (
    key integer NOT NULL,
    head integer NOT NULL,
    tail integer NOT NULL,
    artist integer NOT NULL
);

-- The names of artists whose albums a packet has changed: albums by them that were not found are looked up again.
CREATE TABLE artist_news (
    key integer NOT NULL,
    touched_at timestamptz NOT NULL
);

-- One row: what was imported, and how far it was replicated. Kept among MusicBrainz's tables, so that it is swapped in
-- with them.
CREATE TABLE mirror_state (
    profile text NOT NULL,
    export_stamp text NOT NULL,
    schema_sequence integer NOT NULL,
    replication_sequence integer,
    names_rules text NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    release_groups bigint NOT NULL,
    packets integer NOT NULL DEFAULT 0,
    drift bigint NOT NULL DEFAULT 0,
    replicated_to timestamptz,
    last_error text,
    last_error_at timestamptz
);
CREATE UNIQUE INDEX mirror_state_is_one_row ON mirror_state ((true));
