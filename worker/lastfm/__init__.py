"""Last.fm: the client for its API, the rate limit that all workers share, and how its answers are read.

May import nothing else of `worker`.
"""
