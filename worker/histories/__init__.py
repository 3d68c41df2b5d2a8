"""Listening histories as people export them: read, given release years, and written again as a stream.

May import `mirror`, `worker.fetching` for its batches, and of `app` what draws charts. Only `release_years` asks
the mirror.
"""
