"""Covers: album covers from the Cover Art Archive, scaled for the pages.

`archive` calls it, `scaling` makes small pictures of what it sends, `wanted` goes through what somebody waits for.
May import `app`, `worker.context`, `worker.lastfm` for its transport, `worker.queues_ahead` and `worker.shutdown`.
"""
