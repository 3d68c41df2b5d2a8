"""Chores: what a worker does for all listeners at once, every night or after an outage.

May import `worker.fetching` and what that may import.
"""
