"""How a scrobbled title is read: what was added to an album's name, and classical works in it. Without a database.

May import `mirror.derived`.
"""
