"""Answers whoever asks for release years, in a process of its own that takes their lists in turn.

May import `mirror.matching` and everything below. Sends no SQL itself.
"""
