"""Fetching: a listener's year or list of years, from Last.fm into the app database, enriched with release years.

`year` has the steps of a fetch; `plan` says what to read, `reading` reads it, and `proof` judges the answers.
`enrich` finds release years by `mirror_client`. Meanwhile `preview` and `time_left` say what pages are told.

May import `worker.lastfm`, `worker.context` and `worker.shutdown`.
"""
