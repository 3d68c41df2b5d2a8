"""Redis: how it is reached (`client`, `sentinel_url`), and what pages and workers tell each other in it.

`event_stream` carries how far a fetch is; `allowance` how many calls of Last.fm are left; `known_names`, `looks`
and `mirror_note` what spares a database a question; `covers` and `cover_archive` what becomes of album covers;
`usual_years` and `year_albums` what insights are made of; `pause` and `notice` what the operator has said. Jobs
are in `app.jobs`, counts in `app.counters`. Imports `app.events`, `app.insights` and `app.settings`.
"""
