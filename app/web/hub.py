"""The hub: one Redis subscription per process, handed to every open page that watches its topic."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.progress import Topic, parse, subscription

log = structlog.get_logger()

POLL_SECONDS = 1.0
RETRY_SECONDS = 2.0


class Seat:
    """Where one open page waits. Holds the latest message only: each says everything, so older ones can go."""

    __slots__ = ("_message", "_ready", "closed")

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._message: str | None = None
        self.closed = False

    def put(self, message: str) -> None:
        """Leaves a message for the page, in place of one it has not taken yet."""
        self._message = message
        self._ready.set()

    def close(self) -> None:
        """Tells the page that nothing more will come from this process."""
        self.closed = True
        self._ready.set()

    def take(self, timeout: float) -> str | None:
        """The next message, or None when none came in time or the seat is closed."""
        self._ready.wait(timeout)
        self._ready.clear()
        message, self._message = self._message, None
        return message


class Hub:
    """Hands every published event to the seats of its topic. Listens as long as somebody has a seat."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._seats: defaultdict[str, set[Seat]] = defaultdict(set)
        self._lock = threading.Lock()
        self._listening = threading.Event()
        self._thread: threading.Thread | None = None
        self._may_have_missed = False
        self._closed = False

    @contextmanager
    def seat(self, topic: Topic) -> Iterator[Seat]:
        """A seat at the topic, with the subscription in place, so that nothing is missed from here on."""
        seat = Seat()
        with self._lock:
            self._seats[topic.channel].add(seat)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="hub", daemon=True)
                self._thread.start()
            if self._closed:
                seat.close()
        self._listening.wait(RETRY_SECONDS)
        try:
            yield seat
        finally:
            with self._lock:
                self._seats[topic.channel].discard(seat)
                if not self._seats[topic.channel]:
                    del self._seats[topic.channel]

    def __len__(self) -> int:
        """How many pages are watching."""
        return sum(len(seats) for seats in self._seats.values())

    def close(self) -> None:
        """Sends every page away; they come back to whoever answers then."""
        self._closed = True
        for seats in list(self._seats.values()):
            for seat in list(seats):
                seat.close()

    def _listen(self) -> None:
        while not self._closed:
            try:
                self._relay()
            except RedisError as error:
                log.warning("The hub has lost Redis and tries again", reason=type(error).__name__)
            except Exception:
                log.exception("The hub has stumbled and goes on")  # every open page depends on this thread
            self._listening.clear()
            self._may_have_missed = True
            time.sleep(0 if self._closed else RETRY_SECONDS)

    def _relay(self) -> None:
        with subscription(self._redis) as pubsub:
            while not self._closed:
                message = pubsub.get_message(timeout=POLL_SECONDS)
                if message is None:
                    continue
                if message["type"] == "psubscribe":
                    # From here on every event arrives. This comes again after a lost connection, which the client
                    # mends by itself without a word.
                    self._listening.set()
                    if self._may_have_missed:
                        self._catch_up()
                    self._may_have_missed = True
                else:
                    self._hand_out(message["channel"].decode(), message["data"])

    def _catch_up(self) -> None:
        """Hands out the latest of every topic that is watched: some of it may have been said to nobody."""
        channels = list(self._seats)
        for channel, data in zip(channels, self._redis.mget(channels), strict=True):
            self._hand_out(channel, data)

    def _hand_out(self, channel: str, data: bytes | str | None) -> None:
        self._deliver(channel, data)
        listener = channel.rpartition("/")[0]
        if listener in self._seats:
            # One of the years on the page of all years has moved: what is known of them is said once more.
            self._deliver(listener, self._redis.get(listener))

    def _deliver(self, channel: str, data: bytes | str | None) -> None:
        seats = list(self._seats.get(channel, ()))
        if seats and (snapshot := parse(data)):
            # Written once, however many pages read it.
            message = snapshot.event.model_dump_json()
            for seat in seats:
                seat.put(message)
