"""Years of plays, stored as a fetch leaves them behind."""

from collections.abc import Sequence
from datetime import UTC, datetime

from app.listening_years import year_bounds
from app.store import Connection, stretches
from app.store.plays.scrobbles import Scrobble


def store_year(connection: Connection, user: int, year: int, plays: Sequence[Scrobble]) -> None:
    """Store these plays as a listener's whole year. Their albums must be stored already."""
    start, end = (int(moment.timestamp()) for moment in year_bounds(year))
    stretches.put(connection, user, start, end, plays, proven_at=datetime.now(UTC))
