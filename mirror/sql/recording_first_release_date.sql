-- MusicBrainz publishes these dates neither in exports nor in packets.

INSERT INTO recording_first_release_date (recording, year, month, day)
{dates};
