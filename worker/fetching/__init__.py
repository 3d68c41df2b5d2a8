"""Fetching: a listener's year or list of years, from Last.fm into the app database, enriched with release years.

May import `worker.lastfm`, `worker.context` and `worker.shutdown`.
"""
