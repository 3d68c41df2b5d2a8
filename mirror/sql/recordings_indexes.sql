-- Keys and indexes of the tables that only the profile `recordings` has.

ALTER TABLE medium ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE INDEX medium_idx_release ON medium (release);

ALTER TABLE recording ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE UNIQUE INDEX recording_idx_gid ON recording (gid);
CREATE INDEX recording_idx_artist_credit ON recording (artist_credit);

ALTER TABLE recording_gid_redirect ADD PRIMARY KEY (gid);

ALTER TABLE track ADD PRIMARY KEY (id) WITH (fillfactor = 100);
CREATE INDEX track_idx_recording ON track (recording);
CREATE INDEX track_idx_medium ON track (medium);

ALTER TABLE recording_first_release_date ADD PRIMARY KEY (recording) WITH (fillfactor = 100);

CREATE INDEX recording_name_idx_artist_key ON recording_name (artist, key, recording);
CREATE INDEX recording_name_idx_recording ON recording_name (recording);
