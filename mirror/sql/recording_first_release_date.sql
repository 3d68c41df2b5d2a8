-- MusicBrainz publishes these dates in no export and in no packet.

INSERT INTO recording_first_release_date (recording, year, month, day)
{dates};
