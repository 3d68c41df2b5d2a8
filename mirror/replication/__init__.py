"""Replication: apply the packets that MusicBrainz publishes every hour, and report how far the mirror lags behind.

May import `mirror.importing`, `mirror.derived` and the mirror's floor.
"""
