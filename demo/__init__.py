"""A stand-in Last.fm and a small MusicBrainz: `make run` without keys and the tests both use them."""
