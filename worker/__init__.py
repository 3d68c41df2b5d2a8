"""The worker: fetches a listener's year from Last.fm, and finds release years for it in the mirror.

May import `app`, but not `app.web`, and `mirror`. From top to bottom: `cli`; `commands`; `pool`, `jobs`, `doctor`
and `histories`; `chores`; `fetching` and `covers`; `context` and `queues_ahead`; `lastfm`, `shutdown` and
`webhook`. Each imports only what is below. `pool` uses RQ with `known_job` and `safe_queue`.
"""
