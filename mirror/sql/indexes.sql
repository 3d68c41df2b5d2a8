-- Keys and indexes, built when the rows are in. Each table has the key that MusicBrainz's own packets name.
-- Where it begins with a number that MusicBrainz counts up, new rows come at its end: no room is left in between.

ALTER TABLE artist ADD PRIMARY KEY (id) WITH (fillfactor = 100);

ALTER TABLE artist_alias ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE INDEX artist_alias_idx_artist ON artist_alias (artist);

ALTER TABLE artist_credit ADD PRIMARY KEY (id) WITH (fillfactor = 100);

ALTER TABLE artist_credit_name ADD PRIMARY KEY (artist_credit, position) WITH (fillfactor = 100);
CREATE INDEX artist_credit_name_idx_artist ON artist_credit_name (artist);

ALTER TABLE release ADD PRIMARY KEY (id) WITH (fillfactor = 100);
-- With the release group, so that a lookup need not visit the release itself.
CREATE UNIQUE INDEX release_idx_gid ON release (gid) INCLUDE (release_group);
CREATE INDEX release_idx_release_group ON release (release_group);

ALTER TABLE release_alias ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE INDEX release_alias_idx_release ON release_alias (release);

ALTER TABLE release_country ADD PRIMARY KEY (release, country) WITH (fillfactor = 100);

ALTER TABLE release_gid_redirect ADD PRIMARY KEY (gid);

-- With what a lookup answers.
ALTER TABLE release_group ADD PRIMARY KEY (id) INCLUDE (gid, year);
CREATE UNIQUE INDEX release_group_idx_gid ON release_group (gid);
CREATE INDEX release_group_idx_artist_credit ON release_group (artist_credit);

ALTER TABLE release_group_alias ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE INDEX release_group_alias_idx_release_group ON release_group_alias (release_group);

ALTER TABLE release_group_gid_redirect ADD PRIMARY KEY (gid);

ALTER TABLE release_group_secondary_type_join ADD PRIMARY KEY (release_group, secondary_type) WITH (fillfactor = 100);

ALTER TABLE release_unknown_country ADD PRIMARY KEY (release) WITH (fillfactor = 100);

-- The album asked for under its artist, with what it leads to; then all artists who have an album of a title.
CREATE INDEX album_name_idx_artist_key ON album_name (artist, key, release_group);
CREATE INDEX album_name_idx_key ON album_name (key, artist);
CREATE INDEX album_name_idx_release_group ON album_name (release_group);

CREATE INDEX artist_name_idx_key ON artist_name (key, artist);
CREATE INDEX artist_name_idx_head ON artist_name (head);
CREATE INDEX artist_name_idx_tail ON artist_name (tail);
CREATE INDEX artist_name_idx_artist ON artist_name (artist);

ALTER TABLE artist_news ADD PRIMARY KEY (key);
