"""Counters: what all processes count together in Redis, in all, by the hour and by the day. Names no listener.

`catalogue` says what is counted, `counts` adds to it, and `buffer` gathers a process's counts before that.
`history` reads the last day and the last month back; `fetched_years` keeps the years of a day that stand out, and
`gauges` what a worker has measured last. Counting is best effort: without Redis nothing fails, and only the counts
are lost. Imports nothing else of `app`.
"""
