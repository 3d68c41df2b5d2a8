"""A small MusicBrainz: a catalogue of albums, its export, and a stand-in for the servers that have it."""
