"""Drop the cached charts of everyone who has played an album or a song that got another release year."""

from redis import Redis

from app.redis.event_stream import Topic, drop_snapshot
from app.store import Connection
from app.store.stale_charts import ALL_ROWS, NewestRows, take_stale_years


def drop_stale_charts(
    connection: Connection, redis: Redis, *, ours: Topic | None = None, before: NewestRows = ALL_ROWS
) -> None:
    """Have stale charts read from the database at their next look, all but `ours`, which is about to be published.

    Albums and songs newer than `before`, which this run has added itself, are in nobody else's finished chart.
    Answers of a worker that was killed are included: their marks are stored with them.
    """
    with connection.transaction():
        for username, year in take_stale_years(connection, before):
            topic = Topic(username, year)
            if ours is None or topic.channel != ours.channel:
                drop_snapshot(redis, topic)
