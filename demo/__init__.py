"""Stand-ins for Last.fm and MetaBrainz, and a small MusicBrainz: for tests, and for `make run` without a key.

May import `app`, `worker` and `mirror`; none of them imports this.
"""
