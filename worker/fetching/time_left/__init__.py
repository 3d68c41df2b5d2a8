"""Time left: how long a fetch still takes, and what pages are told of that.

`rehearsal` simulates the calls that are left, by the `speed` measured so far; `forecast` follows a fetch and tells
pages the outcome.
"""
