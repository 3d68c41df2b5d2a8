"""The app database: a module for each table, connections, and migrations. Nothing else sends it SQL.

Functions take a connection and never commit: the caller owns the transaction. Imports `app.events` and nothing
above it.
"""

from app.store.database import Connection, StoreAway, clock, connect, means_away
from app.store.pool import Pool

__all__ = ["Connection", "Pool", "StoreAway", "clock", "connect", "means_away"]
