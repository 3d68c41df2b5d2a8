"""A selective copy of MusicBrainz, and the questions we ask it."""
