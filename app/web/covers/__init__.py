"""Covers: what the pages know of album covers: their addresses, the folder that keeps them, what is drawn in their
place.

`keeper` shows one, has a worker fetch it, and takes over what comes. Knows no Flask.
"""
