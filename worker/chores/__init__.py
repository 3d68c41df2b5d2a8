"""Chores: what a worker does every night for all listeners at once.

May import `worker.fetching` and what that may import.
"""
