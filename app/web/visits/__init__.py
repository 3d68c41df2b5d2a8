"""Visits: what is known of a year or of a listener right now, and a worker sent after what is not.

`status` is the answer, `snapshots` what Redis remembers; `year_status` and `listener_status` find it, by
`introductions` where nothing is stored of a listener. `starts` tells who may have anything fetched.
"""
