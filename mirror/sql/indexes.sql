-- Keys and indexes, built after the rows are loaded. Each table is indexed by the key that MusicBrainz's packets name,
-- or by the first column of one whose rows are few to each: an index is smaller where its entries repeat. Where the key
-- begins with a number that MusicBrainz counts up, new rows come at its end, so pages are filled completely.

ALTER TABLE artist ADD PRIMARY KEY (id) WITH (fillfactor = 100);

ALTER TABLE artist_alias ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE INDEX artist_alias_idx_artist ON artist_alias (artist);

ALTER TABLE artist_credit ADD PRIMARY KEY (id) WITH (fillfactor = 100);

CREATE INDEX artist_credit_name_idx_artist_credit ON artist_credit_name (artist_credit) WITH (fillfactor = 100);
CREATE INDEX artist_credit_name_idx_artist ON artist_credit_name (artist);

ALTER TABLE release ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE UNIQUE INDEX release_idx_gid ON release (gid);
CREATE INDEX release_idx_release_group ON release (release_group) WITH (fillfactor = 100);

ALTER TABLE release_alias ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE INDEX release_alias_idx_release ON release_alias (release);

CREATE INDEX release_country_idx_release ON release_country (release) WITH (fillfactor = 100);

ALTER TABLE release_gid_redirect ADD PRIMARY KEY (gid);

ALTER TABLE release_group ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE UNIQUE INDEX release_group_idx_gid ON release_group (gid);
CREATE INDEX release_group_idx_artist_credit ON release_group (artist_credit);

ALTER TABLE release_group_alias ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE INDEX release_group_alias_idx_release_group ON release_group_alias (release_group);

ALTER TABLE release_group_gid_redirect ADD PRIMARY KEY (gid);

ALTER TABLE release_group_secondary_type_join ADD PRIMARY KEY (release_group, secondary_type) WITH (fillfactor = 100);

ALTER TABLE release_unknown_country ADD PRIMARY KEY (release) WITH (fillfactor = 100);

-- For an album by its artist, and for all artists who have an album of a title. The rows of one artist lie beside each
-- other, so that neither has to hold more than it is searched by.
CREATE INDEX album_name_idx_artist_key ON album_name (artist, key);
CREATE INDEX album_name_idx_key ON album_name (key);

CREATE INDEX artist_name_idx_key ON artist_name (key);
CREATE INDEX artist_name_idx_head ON artist_name (head);
CREATE INDEX artist_name_idx_tail ON artist_name (tail);

ALTER TABLE artist_news ADD PRIMARY KEY (key);
