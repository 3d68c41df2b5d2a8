"""Covers on pages: their addresses, the folder that keeps them, and what is drawn in their place.

`keeper` shows one, has a worker fetch it, and takes over what comes. Knows no Flask.
"""
