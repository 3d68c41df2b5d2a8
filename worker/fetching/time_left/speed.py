"""Speed: how long the steps of a fetch take, as measured, and kept in Redis for the fetches that follow."""

from dataclasses import dataclass

from redis import Redis

SPEED_KEY = "lastyear:speed"
"""Seconds that it took to `store` a stretch and to `match` an album by its name."""
WEIGHT = 0.3  # of a new measurement in an average


@dataclass
class Speed:
    """How long the steps of a fetch take, in seconds, as measured so far; at first as in the last fetch."""

    answer: float = 0.4
    """A call of Last.fm's, on the wire."""
    store: float = 0.1
    """What is done with an answer: match its albums exactly, store, count, publish."""
    match: float = 0.01
    """To match an album by its name, spelling errors allowed."""
    _has_stored: bool = False
    _matched: int = 0
    _matching: float = 0.0

    def stored(self, seconds: float) -> None:
        """Take in how long it took to store a stretch; the first time counts for all that was known before."""
        self.store += (WEIGHT if self._has_stored else 1.0) * (seconds - self.store)
        self._has_stored = True

    def matched(self, albums: int, seconds: float) -> None:
        """Take in how long it took to match some albums by their names."""
        self._matched += albums
        self._matching += seconds
        self.match = self._matching / max(1, self._matched)

    def to_match(self, albums: float) -> float:
        """Return how long it takes from the last stretch to the end."""
        return self.match * albums + self.store


def known_speed(redis: Redis) -> Speed:
    """Return the speed of the latest fetch, as far as it is known."""
    store, match = redis.hmget(SPEED_KEY, "store", "match")
    guess = Speed()
    return Speed(store=float(store or guess.store), match=float(match or guess.match))


def save_speed(redis: Redis, speed: Speed) -> None:
    """Keep it for the fetches that follow."""
    redis.hset(SPEED_KEY, mapping={"store": f"{speed.store:.6f}", "match": f"{speed.match:.6f}"})
