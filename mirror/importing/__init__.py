"""Import: read an export of MusicBrainz, load the tables that are kept, swap the result in when it is complete.

May import `mirror.derived` and the mirror's floor: the modules that stand directly in `mirror`, and `mirror.sql`.
"""
