"""The app database: a module for each table, connections, and migrations. Nothing else sends it SQL.

`plays` asks what was played, and `upkeep` keeps the whole small, saved and restored.

Functions take a connection and never commit: the caller owns the transaction. Imports `app.events` and nothing
above it.
"""

from app.store.database import Connection, StoreAway, StoreConflict, clock, connect, means_away, means_conflict
from app.store.pool import Pool

__all__ = ["Connection", "Pool", "StoreAway", "StoreConflict", "clock", "connect", "means_away", "means_conflict"]
