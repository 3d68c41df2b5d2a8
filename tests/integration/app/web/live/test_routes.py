"""Live progress under the real server: a snapshot first, then every event, whatever happens on the way."""

import threading
from pathlib import Path

import pytest
import requests
import websocket
from redis import Redis

from app.events import new_run
from app.redis import event_stream
from app.redis.event_stream import Topic, publish
from app.settings import Settings
from tests import processes
from tests.conftest import PATIENCE, wait_until
from tests.integration.app.web.conftest import HELEN, Publish, Site, event, heard, page, stream


def test_a_websocket_hears_the_latest_event_and_then_each_one_to_the_end(served: Site, publish: Publish) -> None:
    publish(page(1))
    open_page = served.websocket()
    assert heard(open_page)["done"] == 1
    publish(page(2))
    assert heard(open_page, after=1)["done"] == 2
    last = event(phase="completed", done=61, scrobbles=12_100, years={1975: 12_100})
    publish(last)
    assert heard(open_page) == last.model_dump(mode="json")


def test_server_sent_events_say_the_same(served: Site, publish: Publish) -> None:
    publish(page(1))
    with stream(served) as events:
        assert next(events)["done"] == 1
        publish(page(2))
        assert next(said for said in events if said["done"] != 1)["done"] == 2
        publish(event(phase="completed"))
        assert next(events)["phase"] == "completed"


def test_a_page_of_which_nothing_is_known_yet_hears_so_and_then_the_first_event(
    served: Site, publish: Publish
) -> None:
    open_page = served.websocket()
    assert heard(open_page) is None
    publish(page(1))
    assert heard(open_page)["done"] == 1


def test_each_page_hears_of_its_own_topic_only_and_in_any_case(served: Site, redis: Redis) -> None:
    helens, lucas = served.websocket(Topic("heavyHELEN", 2024)), served.websocket(Topic("LightLuca", 2024))
    assert (heard(helens), heard(lucas)) == (None, None)
    publish(redis, Topic("HeavyHelen", 2023), page(3))
    publish(redis, Topic("HeavyHelen"), page(4))
    publish(redis, HELEN, page(5))
    publish(redis, Topic("LightLuca", 2024), page(6))
    assert heard(helens)["done"] == 5
    assert heard(lucas)["done"] == 6


def test_a_listeners_years_have_a_topic_of_their_own(served: Site, redis: Redis) -> None:
    open_page = served.websocket(Topic("HeavyHelen"))
    assert heard(open_page) is None
    publish(redis, Topic("HeavyHelen"), event(years={2024: 12_100}))
    assert heard(open_page)["years"] == {"2024": 12_100}


def test_nothing_is_missed_by_pages_that_open_while_events_come(served: Site, publish: Publish) -> None:
    stop = threading.Event()

    def publish_all_the_time() -> None:
        for number in range(1, 100_000):
            publish(event(done=number))
            if stop.is_set():
                break
        publish(event(phase="completed"))

    publish(page(1))
    busy = threading.Thread(target=publish_all_the_time)
    busy.start()
    open_pages = [served.websocket() for _ in range(10)]
    stop.set()
    busy.join()
    for open_page in open_pages:
        while heard(open_page)["phase"] != "completed":
            pass


def test_a_websocket_that_makes_no_sense_is_refused_before_the_handshake(served: Site) -> None:
    for path in ("/HeavyHelen/1999/live", "/HeavyHelen/2024x/live", "/<script>/2024/live", "/.x/live"):
        with pytest.raises(websocket.WebSocketBadStatusException) as refusal:
            websocket.create_connection(f"ws://127.0.0.1:{served.port}/user{path}", timeout=PATIENCE)
        assert refusal.value.status_code == 404
    assert "Traceback" not in served.process.output


def test_server_sent_events_that_make_no_sense_are_refused(served: Site) -> None:
    assert requests.get(f"{served.url}/user/HeavyHelen/1999/events", timeout=PATIENCE).status_code == 404
    assert requests.get(f"{served.url}/user/<script>/2024/events", timeout=PATIENCE).status_code == 404


def test_a_handshake_that_is_none_is_refused(served: Site) -> None:
    address = f"{served.url}/user/HeavyHelen/2024/live"
    assert requests.get(address, timeout=PATIENCE).status_code == 400
    half = {"Connection": "Upgrade", "Upgrade": "websocket"}
    assert requests.get(address, headers=half, timeout=PATIENCE).status_code == 400
    assert "Traceback" not in served.process.output


def test_a_page_hears_what_was_said_while_redis_was_out_of_reach(
    served: Site, publish: Publish, redis: Redis
) -> None:
    publish(page(1))
    open_page = served.websocket()
    assert heard(open_page)["done"] == 1
    with redis.pipeline() as at_once:
        # The site's subscription goes, and the last event is said before it can be back.
        at_once.client_kill_filter(_type="pubsub")
        event_stream.save_snapshot(
            at_once, HELEN, event_stream.Snapshot(at=1.0, username="HeavyHelen", event=page(61))
        )
        at_once.execute()
    assert heard(open_page, after=1)["done"] == 61
    publish(event(phase="completed"))
    wait_until(lambda: heard(open_page)["phase"] == "completed")


def test_a_late_event_of_an_older_run_is_heard_by_no_page(served: Site, publish: Publish, redis: Redis) -> None:
    older, newer = new_run(), new_run()
    publish(page(9).model_copy(update={"run": newer}))
    open_page = served.websocket()
    assert heard(open_page)["done"] == 9
    late = event_stream.Snapshot(at=1.0, username="HeavyHelen", event=page(1).model_copy(update={"run": older}))
    redis.publish(HELEN.channel, late.model_dump_json())  # past the check of whoever publishes
    publish(page(2).model_copy(update={"run": older}))
    publish(page(10).model_copy(update={"run": newer}))
    assert heard(open_page, after=9)["done"] == 10


def test_a_fetch_by_a_real_worker_is_heard_from_its_first_page_to_its_end(
    own_site: Site, settings: Settings, tmp_path: Path
) -> None:
    with processes.workers(settings, tmp_path / "worker.log") as worker:
        assert requests.get(f"{own_site.url}/user/LightLuca/2024", timeout=PATIENCE).ok
        open_page = own_site.websocket(Topic("LightLuca", 2024))
        said = [heard(open_page)]
        while said[-1]["phase"] != "completed":
            said.append(heard(open_page))
            assert said[-1]["error"] is None, worker.output
    assert [message["done"] for message in said] == sorted(message["done"] for message in said)
    assert said[-1]["scrobbles"] == said[-1]["expected"]
    chart = requests.get(f"{own_site.url}/user/lightluca/2024", timeout=PATIENCE).text
    assert "data-live" not in chart
