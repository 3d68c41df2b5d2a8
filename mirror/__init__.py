"""A selective copy of MusicBrainz, and the queries against it. Imports neither `app` nor `worker`.

Directly in here are the floor, which every folder may import (`database`, `errors`, `plausible_years`,
`release_types`, `sql`, `state`, `tables`), and what is above the folders: `commands`, `progress`, `web_queries`.
"""
