"""Release years for programs: what they are answered, from wherever they ask, and what it leaves behind."""

import gzip
import json
import os
import signal
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis

from app.redis.event_stream import publish
from app.store import Connection
from app.web.api.questions import MAX_BYTES, MAX_ITEMS
from app.web.rate_limits import LIMITS
from tests.conftest import PATIENCE, wait_until
from tests.integration.app.web.conftest import HELEN, NO_DATABASE, NO_REDIS, Site, SiteWith, heard, page
from tests.processes import command_of, family, matching_processes

ADDRESS, VERSIONED = "/api/release-years", "/api/v1/release-years"
OK_COMPUTER = {"artist": "Radiohead", "album": "OK Computer"}
UNHEARD_OF = {"artist": "Kellerassel Quintett", "album": "Songs That Nobody Has Heard"}
BUDGET = int(LIMITS["names"].split()[0])
CORS = "Access-Control-Allow-Origin"


def years(answer: Any) -> list[int | None]:
    """The release years in an answer."""
    return [one["release_year"] for one in answer.get_json()["answers"]]


def code(answer: Any) -> str:
    """The code of an error."""
    return str(answer.get_json()["error"]["code"])


@pytest.mark.parametrize("address", [ADDRESS, VERSIONED])
def test_each_item_is_answered_in_its_place(client: FlaskClient, address: str) -> None:
    items = [
        OK_COMPUTER,
        {"artist": "Radiohed", "album": "O.K. Computer (Deluxe Edition)"},
        {**OK_COMPUTER, "mbid": "no MBID"},
        "OK Computer",
        {"artist": "a" * 10_000, "album": "b"},
        {},
        UNHEARD_OF,
        {"artist": "Radiohead", "track": "Airbag"},
        OK_COMPUTER,
    ]
    answer = client.post(address, json=items)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    answers = answer.get_json()["answers"]
    first = answers[0]
    group = first["release_group"]
    assert (
        first
        == answers[-1]
        == {
            "release_year": 1997,
            "release_group": group,
            "release_group_title": "OK Computer",
            "release_group_artist": "Radiohead",
            "found_by": "names",
            "score": 1.0,
            "reason": None,
            "song_release_year": None,
        }
    )
    assert (answers[1]["release_group"], answers[1]["found_by"]) == (group, "artist nearly")
    assert 0.8 < answers[1]["score"] < 1
    reasons = [one["reason"]["code"] for one in answers[2:-1]]
    assert reasons == [
        "malformed_mbid",
        "unreadable",
        "name_too_long",
        "no_names",
        "unknown_artist",
        "no_songs",
    ]
    for one in answers[2:-1]:
        assert set(one["reason"]) == {"code", "message"}
        assert [value for name, value in one.items() if name != "reason"] == [None] * 7


def test_a_site_with_recordings_knows_the_year_of_a_song(site_with: SiteWith, recordings_url: str) -> None:
    visitor = site_with(mirror_url=SecretStr(recordings_url))
    song = {"artist": "Radiohead", "track": "Airbag"}
    answer = visitor.post(ADDRESS, json=[song, {**song, **OK_COMPUTER}, {**song, "track": "Nobody Sang This"}])
    found, on_album, unknown = answer.get_json()["answers"]
    assert (found["release_year"], found["song_release_year"]) == (None, 1997)
    assert found["reason"]["code"] == "no_album_named"
    assert (on_album["release_year"], on_album["song_release_year"]) == (1997, None)
    assert (unknown["song_release_year"], unknown["reason"]["code"]) == (None, "no_such_song")


def test_an_empty_list_has_an_empty_answer(client: FlaskClient) -> None:
    assert client.post(ADDRESS, json=[]).get_json() == {"answers": []}


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"]
)
def test_json_is_taken(client: FlaskClient, content_type: str) -> None:
    answer = client.post(ADDRESS, data=json.dumps([OK_COMPUTER]), content_type=content_type)
    assert years(answer) == [1997]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_content_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post(ADDRESS, data=json.dumps([OK_COMPUTER]), headers=headers)
    assert (answer.status_code, code(answer)) == (415, "not_json")
    assert answer.headers[CORS] == "*"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_what_is_refused_is_read_to_its_end_so_that_a_proxy_can_send_it(
    client: FlaskClient, content_type: str
) -> None:
    body = BytesIO(b" " * (3 * MAX_BYTES))
    size = body.getbuffer().nbytes
    answer = client.post(ADDRESS, input_stream=body, content_length=size, content_type=content_type)
    assert answer.status_code in (413, 415)
    assert body.tell() == size


@pytest.mark.parametrize("body", ["", "[", "{}", '{"artist": "Radiohead"}', "null", "[" * 9999])
def test_what_is_no_list_is_refused(client: FlaskClient, body: str) -> None:
    answer = client.post(ADDRESS, data=body, content_type="application/json")
    assert (answer.status_code, code(answer)) == (400, "bad_request")
    assert '[{"artist": "Radiohead"' in answer.get_json()["error"]["message"]


def test_too_much_at_once_is_refused(client: FlaskClient) -> None:
    for body in (json.dumps([OK_COMPUTER] * (MAX_ITEMS + 1)), " " * (MAX_BYTES + 1)):
        answer = client.post(ADDRESS, data=body, content_type="application/json")
        assert (answer.status_code, code(answer)) == (413, "too_large")
        assert "200 items and 256 KB" in answer.get_json()["error"]["message"]


def test_the_largest_list_of_long_names_in_any_script_fits(client: FlaskClient) -> None:
    item = {"artist": "ж" * 60, "album": "Ж" * 60, "track": "ж" * 60, "mbid": "0" * 32}
    body = json.dumps([item] * MAX_ITEMS)
    answer = client.post(ADDRESS, data=body, content_type="application/json")
    assert years(answer) == [None] * MAX_ITEMS


def test_names_that_are_meant_to_hurt_are_answered_like_any_other(client: FlaskClient) -> None:
    shapes = [
        "(" * 400 + "x" + ")" * 400,
        "[(" * 300,
        " - " * 300,
        "x" + " " * 900 + "y",
        "\u202e" * 900,
        "a" + "\u0301" * 900,
        "&amp;" * 190,
    ]
    shapes += ["\0" * 900, "ﷺ" * 900, "🔥" * 900, "Vol. 1 " * 130, " & ".join(["Radiohead"] * 80), "' OR 1=1; --"]
    items = [{"artist": "Radiohead", "album": shape, "track": shape} for shape in shapes]
    items += [{"artist": shape, "album": "OK Computer", "track": shape} for shape in shapes]
    answer = client.post(ADDRESS, json=[*items, OK_COMPUTER])
    assert answer.status_code == 200
    assert years(answer)[: len(shapes)] == [None] * len(shapes)
    assert years(answer)[-1] == 1997


def test_each_address_has_its_budget_of_items(client: FlaskClient) -> None:
    for _ in range(BUDGET // MAX_ITEMS):
        assert client.post(ADDRESS, json=[None] * MAX_ITEMS).status_code == 200
    refused = client.post(VERSIONED, json=[OK_COMPUTER])
    assert (refused.status_code, code(refused)) == (429, "too_many_requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers[CORS] == "*"
    assert refused.headers["Access-Control-Expose-Headers"] == "Retry-After"
    elsewhere = client.post(ADDRESS, json=[OK_COMPUTER], headers={"X-Forwarded-For": "203.0.113.7"})
    assert years(elsewhere) == [1997]


def test_what_is_refused_costs_nothing(client: FlaskClient) -> None:
    for _ in range(BUDGET // MAX_ITEMS - 1):
        client.post(ADDRESS, json=[None] * MAX_ITEMS)
    assert client.post(ADDRESS, json=[None] * (MAX_ITEMS - 1)).status_code == 200
    for _ in range(3):
        assert client.post(ADDRESS, json=[None] * 2).status_code == 429
    assert client.post(ADDRESS, json=[]).status_code == 200, "and costs as much as one item"
    assert client.post(ADDRESS, json=[]).status_code == 429


def test_other_sites_may_ask_here_and_nowhere_else(client: FlaskClient) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for address in (ADDRESS, VERSIONED):
        preflight = client.options(address, headers={**origin, **asked})
        assert preflight.status_code == 200
        assert preflight.headers[CORS] == "*"
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        assert preflight.headers["Access-Control-Allow-Headers"] == "Content-Type"
        assert client.post(address, json=[], headers=origin).headers[CORS] == "*"
        wrong = client.get(address, headers=origin)
        assert (wrong.status_code, wrong.headers[CORS]) == (405, "*")
        assert "POST" in wrong.headers["Allow"]
    assert client.get("/api/v1/openapi.json", headers=origin).headers[CORS] == "*"
    for path in ("/", "/api", "/api/v1/users/LightLuca", "/user/LightLuca/2024", "/metrics", "/nowhere"):
        assert CORS not in client.get(path, headers=origin).headers, path


def test_an_answer_is_compressed_where_that_is_understood_and_worth_it(client: FlaskClient) -> None:
    plain = client.post(ADDRESS, json=[OK_COMPUTER] * 20)
    small = client.post(ADDRESS, json=[OK_COMPUTER], headers={"Accept-Encoding": "gzip"})
    unwanted = client.post(ADDRESS, json=[OK_COMPUTER] * 20, headers={"Accept-Encoding": "gzip;q=0, br"})
    packed = client.post(ADDRESS, json=[OK_COMPUTER] * 20, headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in {**plain.headers, **small.headers, **unwanted.headers}
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data == unwanted.data
    assert len(packed.data) < len(plain.data) / 5
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("is_empty", [False, True])
def test_without_a_mirror_a_program_is_told_when_to_come_back(
    site_with: SiteWith, empty_database: str, is_empty: bool
) -> None:
    visitor = site_with(mirror_url=SecretStr(empty_database) if is_empty else NO_DATABASE)
    answer = visitor.post(ADDRESS, json=[OK_COMPUTER])
    assert (answer.status_code, code(answer)) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert visitor.post(ADDRESS, json=["bad"]).status_code == 200, "the mirror need not be asked"


def test_neither_redis_nor_the_database_is_needed(site_with: SiteWith) -> None:
    visitor = site_with(redis_url=NO_REDIS, database_url=NO_DATABASE)
    assert years(visitor.post(ADDRESS, json=[OK_COMPUTER])) == [1997]


def test_nothing_that_was_asked_is_stored(
    served: Site, redis: Redis, connection: Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = [{**UNHEARD_OF, "mbid": UNHEARD_OF["album"]}, {"artist": UNHEARD_OF["artist"] * 100}]
    answer = requests.post(served.url + ADDRESS, json=[UNHEARD_OF, *bad], timeout=PATIENCE)
    assert answer.status_code == 200
    refused = requests.post(served.url + ADDRESS, data=json.dumps([UNHEARD_OF])[:-1], timeout=PATIENCE)
    assert refused.status_code == 415
    for key in redis.scan_iter():
        assert key.startswith(b"LIMITS:"), key
        assert b"Kellerassel" not in key + (redis.dump(key) or b"")
    row = connection.execute("SELECT count(*) FROM albums").fetchone()
    assert row == (0,)
    assert "Kellerassel" not in served.process.output + "".join(capfd.readouterr())


def matching_pid(site: Site) -> int:
    """The process that matches names for this site."""
    [pid] = matching_processes(site.process.pid)
    return pid


def ask(site: Site) -> requests.Response:
    return requests.post(site.url + ADDRESS, json=[OK_COMPUTER], timeout=PATIENCE)


@pytest.fixture
def ask_meanwhile(own_site: Site) -> Callable[[], Callable[[], requests.Response]]:
    """Asks in a thread; what it returns waits for the answer, and says so if there was none."""

    def begin() -> Callable[[], requests.Response]:
        answers: list[requests.Response] = []
        thread = threading.Thread(target=lambda: answers.append(ask(own_site)))
        thread.start()

        def answer() -> requests.Response:
            thread.join(PATIENCE)
            return answers[0]

        return answer

    return begin


def test_open_pages_are_served_while_names_are_matched(
    own_site: Site, redis: Redis, ask_meanwhile: Callable[[], Callable[[], requests.Response]]
) -> None:
    ask(own_site)
    open_page = own_site.websocket()
    assert heard(open_page) is None
    busy = matching_pid(own_site)
    os.kill(busy, signal.SIGSTOP)  # as if names took it forever
    try:
        answer = ask_meanwhile()
        for number in range(1, 4):
            publish(redis, HELEN, page(number))
            assert heard(open_page)["done"] == number
        assert requests.get(own_site.url, timeout=PATIENCE).ok
    finally:
        os.kill(busy, signal.SIGCONT)
    assert answer().json()["answers"][0]["release_year"] == 1997


def test_a_killed_process_is_replaced(
    own_site: Site, ask_meanwhile: Callable[[], Callable[[], requests.Response]]
) -> None:
    ask(own_site)
    first = matching_pid(own_site)
    os.kill(first, signal.SIGKILL)
    assert ask(own_site).json()["answers"][0]["release_year"] == 1997
    second = matching_pid(own_site)
    os.kill(second, signal.SIGSTOP)
    answer = ask_meanwhile()
    os.kill(second, signal.SIGKILL)
    assert answer().json()["answers"][0]["release_year"] == 1997
    assert matching_pid(own_site) not in (first, second)


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_the_process_ends_with_the_site(own_site: Site, end: str) -> None:
    ask(own_site)
    left = matching_pid(own_site)
    if end == "terminate":
        own_site.process.terminate()
    else:
        os.kill(family(own_site.process.pid)[1], signal.SIGKILL)
    wait_until(lambda: not command_of(left))


def test_a_body_that_is_far_too_large_is_refused_by_the_real_server_too(served: Site) -> None:
    for body in (b" " * (4 << 20), iter([b" " * 65536] * 64)):
        answer = requests.post(
            served.url + ADDRESS, data=body, headers={"Content-Type": "application/json"}, timeout=PATIENCE
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
