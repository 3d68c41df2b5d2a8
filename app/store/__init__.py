"""The app database. Nobody else sends it SQL.

Functions take a connection and never commit: the caller owns the transaction.
"""

from app.store.database import Connection, Pool, StoreAway, clock, connect, mirror_standing

__all__ = ["Connection", "Pool", "StoreAway", "clock", "connect", "mirror_standing"]
