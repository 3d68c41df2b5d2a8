"""Usernames: what a name at Last.fm can look like."""

USERNAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,31}"
"""Wider than the rule that is commonly quoted, since old names break it."""
