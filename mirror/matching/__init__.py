"""From an MBID or a name to a release year: of an album or of a song.

May import `mirror.titles`, `mirror.derived` and the floor of the mirror. Only `candidates`, `lookup`,
`explain` and `songs` send SQL.
"""
