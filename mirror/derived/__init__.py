"""What the mirror computes from MusicBrainz's rows: first release dates, and the index of names with its keys.

May import the mirror's floor: the modules that stand directly in `mirror`, and `mirror.sql`.
"""
