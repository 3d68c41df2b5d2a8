"""The play filter: which plays a query is about, and the subquery that finds them."""

from dataclasses import dataclass

from app.listening_years import year_bounds
from app.periods import Period

_OF_YEAR = """
        SELECT unnest(tracks) AS track, count(*) AS plays
        FROM stretches
        WHERE user_id = %s AND starts >= %s AND starts < %s
        GROUP BY track
"""
# A stretch lies within one year, and may begin before the period and end after it.
_OF_PERIOD = """
        SELECT play.track, count(*) AS plays
        FROM stretches
        CROSS JOIN LATERAL unnest(seconds, tracks) AS play (second, track)
        CROSS JOIN LATERAL (SELECT starts + make_interval(secs => play.second) AS moment) AS began
        WHERE user_id = %s AND starts >= %s AND starts < %s AND ends > %s AND moment >= %s AND moment < %s
        GROUP BY play.track
"""


@dataclass(frozen=True)
class PlayFilter:
    """The plays of a listener's year, or of a part of it, counted by the albums' years or by the songs' own."""

    user: int
    year: int
    by_song: bool = False
    period: Period | None = None

    @property
    def played_tracks(self) -> str:
        """The subquery of the tracks that were played, each with its plays."""
        return _OF_PERIOD if self.period else _OF_YEAR

    @property
    def parameters(self) -> list[object]:
        """The parameters of that, in their order."""
        start, end = year_bounds(self.year)
        if self.period is None:
            return [self.user, start, end]
        first, after = self.period.bounds
        return [self.user, start, after, first, first, after]
