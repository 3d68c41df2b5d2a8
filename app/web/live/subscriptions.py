"""Subscriptions of open pages: one Redis subscription per process, relayed to every page that watches a topic."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import structlog
from redis import Redis
from redis.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from app.redis.event_stream import Topic, follow_all, parse_snapshot

log = structlog.get_logger()

POLL_SECONDS = 1.0
RETRY_SECONDS = 2.0
PING_SECONDS = 5.0
"""After so long a silence Redis is asked whether it is there: it may have frozen, and another have its place."""
PONG_SECONDS = 10.0
THREAD = "subscriptions"


class Subscriber:
    """One open page. Holds only the latest message: each is complete, so that older ones can be dropped."""

    __slots__ = ("_message", "_ready", "_run", "closed")

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._message: str | None = None
        self._run = UUID(int=0)
        self.closed = False

    def begin_at(self, run: UUID) -> None:
        """Drop what older runs said, and what they still say."""
        if run > self._run:
            self._run, self._message = run, None

    def push(self, message: str, run: UUID) -> None:
        """Replace the message that the page has not taken yet, unless a newer run has said something."""
        if run >= self._run:
            self._run, self._message = run, message
            self._ready.set()

    def close(self) -> None:
        """Tell the page that this process sends no more."""
        self.closed = True
        self._ready.set()

    def wait(self, timeout: float) -> str | None:
        """Return the next message, or None after `timeout` seconds or when the subscriber is closed."""
        self._ready.wait(timeout)
        self._ready.clear()
        message, self._message = self._message, None
        return message


class Subscriptions:
    """Relays every published event to the subscribers of its topic. Listens once somebody has subscribed."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._subscribers: defaultdict[str, set[Subscriber]] = defaultdict(set)
        self._lock = threading.Lock()
        self._listening = threading.Event()
        self._thread: threading.Thread | None = None
        self._may_have_missed = False
        self._closed = False

    @contextmanager
    def subscribe(self, topic: Topic) -> Iterator[Subscriber]:
        """Subscribe to the topic. From here on no event is missed."""
        subscriber = Subscriber()
        with self._lock:
            self._subscribers[topic.channel].add(subscriber)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name=THREAD, daemon=True)
                self._thread.start()
            if self._closed:
                subscriber.close()
        self._listening.wait(RETRY_SECONDS)
        try:
            yield subscriber
        finally:
            with self._lock:
                self._subscribers[topic.channel].discard(subscriber)
                if not self._subscribers[topic.channel]:
                    del self._subscribers[topic.channel]

    def __len__(self) -> int:
        """Return how many pages are subscribed."""
        return sum(len(subscribers) for subscribers in self._subscribers.values())

    def close(self) -> None:
        """Close every subscriber. The pages reconnect to the process that answers then."""
        self._closed = True
        for subscribers in list(self._subscribers.values()):
            for subscriber in list(subscribers):
                subscriber.close()

    def _listen(self) -> None:
        while not self._closed:
            try:
                self._relay()
            except RedisError as error:
                if not self._closed:
                    log.warning("Lost the connection to Redis; subscribing again", reason=type(error).__name__)
            except Exception:
                # Every open page depends on this thread. At its end the connection is closed under it.
                if not self._closed:
                    log.exception("Unexpected error while relaying progress events; subscribing again")
            self._listening.clear()
            self._may_have_missed = True
            time.sleep(0 if self._closed else RETRY_SECONDS)

    def _relay(self) -> None:
        with follow_all(self._redis) as pubsub:
            for message in self._messages(pubsub):
                if message["type"] == "psubscribe":
                    # From here on every event arrives. The client reconnects silently: then this comes again.
                    self._listening.set()
                    if self._may_have_missed:
                        self._catch_up()
                    self._may_have_missed = True
                elif message["type"] == "pmessage":
                    self._relay_event(message["channel"].decode(), message["data"])

    def _messages(self, pubsub: PubSub) -> Iterator[dict[str, Any]]:
        """Yield what comes until this is closed. Raises RedisError when nobody answers any more."""
        heard_at, asked_at = time.monotonic(), None
        while not self._closed:
            message = pubsub.get_message(timeout=POLL_SECONDS)
            now = time.monotonic()
            if message is not None:
                heard_at, asked_at = now, None
                yield message
            elif asked_at is None and now > heard_at + PING_SECONDS:
                pubsub.ping()
                asked_at = now
            elif asked_at is not None and now > asked_at + PONG_SECONDS:
                raise RedisConnectionError("silent")

    def _catch_up(self) -> None:
        """Relay the latest event of every watched topic, since some may have been published in between."""
        channels = list(self._subscribers)
        for channel, data in zip(channels, self._redis.mget(channels), strict=True):
            self._relay_event(channel, data)

    def _relay_event(self, channel: str, data: bytes | str | None) -> None:
        self._push(channel, data)
        listener = channel.rpartition("/")[0]
        if listener in self._subscribers:
            # A year changed, and the page of all years shows it: repeat the listener's own event.
            self._push(listener, self._redis.get(listener))

    def _push(self, channel: str, data: bytes | str | None) -> None:
        subscribers = list(self._subscribers.get(channel, ()))
        if subscribers and (snapshot := parse_snapshot(data)):
            # Serialized once, however many pages read it.
            message = snapshot.event.model_dump_json()
            for subscriber in subscribers:
                subscriber.push(message, snapshot.event.run)
