"""The subscription of a process ends with it, and says nothing of the connection that is closed under it."""

import threading

from structlog.testing import capture_logs

from app.settings import Settings
from app.web.context import Context
from app.web.live.subscriptions import THREAD
from tests.conftest import PATIENCE
from tests.integration.app.web.conftest import HELEN


def test_a_process_that_ends_complains_of_no_lost_connection(settings: Settings) -> None:
    context = Context.of(settings)
    with capture_logs() as lines, context.subscriptions.subscribe(HELEN) as subscriber:
        listening = [thread for thread in threading.enumerate() if thread.name == THREAD]
        context.close()
        for thread in listening:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in listening)
    assert listening
    assert subscriber.closed
    assert lines == []
