"""Webhook: posts progress events to the web's `/internal/job-update`, for a web on another machine."""

import time

import requests
import structlog

from app.events import Event, JobUpdate
from app.redis.event_stream import Topic

log = structlog.get_logger()

PAUSE_AFTER_FAILURE = 10.0  # seconds without another attempt
LAST_EVENT_DELAYS = (1.0, 3.0, 6.0)  # seconds between the attempts to post a run's last event


class Webhook:
    """Publishes events by HTTP."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._paused_until = 0.0

    def publish(self, topic: Topic, event: Event) -> None:
        """Post the event. A failure is only logged, because the next event repeats everything.

        A web that is away must not slow down a fetch, so it is not tried again for a while. The last event of
        a run, which no other follows, is tried a few times.
        """
        if event.is_running:
            if time.monotonic() >= self._paused_until:
                self._post(topic, event)
            return
        for pause in (*LAST_EVENT_DELAYS, 0):
            if self._post(topic, event):
                return
            time.sleep(pause)

    def _post(self, topic: Topic, event: Event) -> bool:
        update = JobUpdate(username=topic.username, year=topic.year, event=event)
        try:
            self._session.post(self._url, json=update.model_dump(mode="json"), timeout=(3, 5)).raise_for_status()
        except requests.RequestException as error:
            log.warning("The web did not accept a progress event", reason=type(error).__name__)
            self._paused_until = time.monotonic() + PAUSE_AFTER_FAILURE
            return False
        return True
