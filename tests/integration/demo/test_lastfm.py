"""The stand-in for Last.fm over HTTP: its wire format, its limits, and every fault on demand."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.lastfm.accounts import Account, Play
from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import LastfmStandIn
from tests.conftest import PATIENCE

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
JOINED = datetime(2020, 5, 1, tzinfo=UTC)
Y2022, Y2023, Y2024, Y2025, Y2027 = (
    int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2022, 2023, 2024, 2025, 2027)
)
RECENT = "user.getRecentTracks"


class Client:
    """Calls a stand-in over one connection."""

    def __init__(self, session: requests.Session, stand_in: LastfmStandIn) -> None:
        self.session = session
        self.stand_in = stand_in

    def get(self, method: str, **params: Any) -> requests.Response:
        query = {"method": method, "api_key": "a" * 32, "format": "json", **params}
        return self.session.get(self.stand_in.api_url, params=query, timeout=PATIENCE)

    def recent(self, user: str = "LightLuca", **params: Any) -> dict[str, Any]:
        answer = self.get(RECENT, user=user, **params)
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()["recenttracks"]
        return body

    def refusal(self, method: str, **params: Any) -> tuple[int, int]:
        answer = self.get(method, **params)
        return answer.status_code, answer.json()["error"]


@pytest.fixture
def stand_in() -> Iterator[LastfmStandIn]:
    with LastfmStandIn(clock=NOW.timestamp) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def client(session: requests.Session, stand_in: LastfmStandIn) -> Client:
    return Client(session, stand_in)


def play(uts: int, title: str = "Take 1", album: str = "Attic Tapes", album_mbid: str = "") -> Play:
    return Play(uts, "Kellerassel Quintett", title, album, album_mbid)


def dated(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [track for track in page["track"] if "date" in track]


def year(start: int = Y2024, end: int = Y2025) -> dict[str, Any]:
    return {"from": start, "to": end}


# The wire format


def test_a_track_has_the_shape_that_lastfm_gives_it(client: Client) -> None:
    mbid = "68bca8f8-47c2-4bdb-aa32-5a0fdc08710c"
    heard = Play(1783056668, "Meat Puppets", "Oh, Me", "Meat Puppets II", mbid)
    client.stand_in.clock = lambda: 1783056700.0
    client.stand_in.add_account(Account("Meg", JOINED, own=(heard,)))
    (track,) = client.recent("Meg")["track"]
    images = track.pop("image")
    artist_mbid, track_mbid = track["artist"].pop("mbid"), track.pop("mbid")
    assert track == {
        "artist": {"#text": "Meat Puppets"},
        "streamable": "0",
        "album": {"mbid": mbid, "#text": "Meat Puppets II"},
        "name": "Oh, Me",
        "url": "https://www.last.fm/music/Meat+Puppets/_/Oh,+Me",
        "date": {"uts": "1783056668", "#text": "03 Jul 2026, 05:31"},
    }
    assert [image["size"] for image in images] == ["small", "medium", "large", "extralarge"]
    assert len(artist_mbid) == len(track_mbid) == 36


def test_what_lastfm_does_not_know_is_the_empty_string(client: Client) -> None:
    client.stand_in.add_account(Account("Ned", JOINED, own=(play(Y2024, album=""),)))
    (track,) = client.recent("Ned")["track"]
    assert track["album"] == {"mbid": "", "#text": ""}
    assert {image["#text"] for image in track["image"]} == {""}


def test_attributes_are_strings_and_the_default_page_has_50(client: Client) -> None:
    page = client.recent(**year())
    total = len(client.stand_in.accounts["LightLuca"].plays(2024))
    assert page["@attr"] == {
        "user": "LightLuca",
        "totalPages": str(-(-total // 50)),
        "page": "1",
        "perPage": "50",
        "total": str(total),
    }
    assert len(page["track"]) == 50


def test_names_come_back_in_canonical_case(client: Client) -> None:
    assert client.recent("lIGHTLUCA")["@attr"]["user"] == "LightLuca"
    assert client.get("user.getInfo", user="lightluca").json()["user"]["name"] == "LightLuca"


def test_the_pages_of_a_year_sum_to_its_total_newest_first(client: Client) -> None:
    pages = [client.recent("HeavyHelen", limit=200, page=page, **year()) for page in range(1, 62)]
    seen = [(int(track["date"]["uts"]), track["name"]) for page in pages for track in dated(page)]
    expected = [(each.uts, each.title) for each in client.stand_in.accounts["HeavyHelen"].plays(2024)]
    assert seen == expected[::-1]
    assert {(page["@attr"]["total"], page["@attr"]["totalPages"]) for page in pages} == {("12100", "61")}


def test_from_is_inclusive_and_to_is_exclusive(client: Client) -> None:
    client.stand_in.add_account(Account("Ben", JOINED, own=tuple(play(Y2024 + n) for n in (10, 20, 30))))
    tracks = dated(client.recent("Ben", **year(Y2024 + 10, Y2024 + 30)))
    assert [int(track["date"]["uts"]) - Y2024 for track in tracks] == [20, 10]


def test_the_track_playing_now_is_first_on_every_page_and_not_counted(client: Client) -> None:
    for number in (1, 2, 61, 62):
        page = client.recent("HeavyHelen", limit=200, page=number, **year())
        first = page["track"][0]
        assert first["@attr"] == {"nowplaying": "true"}
        assert "date" not in first
        assert page["@attr"]["total"] == "12100"
    assert len(client.recent("HeavyHelen", limit=1)["track"]) == 2
    assert len(client.recent("LightLuca", limit=1)["track"]) == 1


def test_an_empty_year_has_an_empty_list_and_zeros(client: Client) -> None:
    page = client.recent("EmptyEve", **year(Y2022, Y2023))
    assert page["track"] == []
    assert (page["@attr"]["total"], page["@attr"]["totalPages"]) == ("0", "0")


def test_a_page_past_the_end_has_no_tracks(client: Client) -> None:
    assert client.recent(page=9999, **year())["track"] == []


def test_the_running_year_grows_with_the_clock_and_its_past_stays(client: Client) -> None:
    start = int(datetime(2026, 6, 15, tzinfo=UTC).timestamp())
    before = dated(client.recent("GrowingGus", limit=200, **year(start, Y2027)))
    client.stand_in.clock = lambda: NOW.timestamp() + 3600
    after = dated(client.recent("GrowingGus", limit=200, **year(start, Y2027)))
    assert len(after) == len(before) + 3
    assert after[3:] == before


@pytest.mark.parametrize(
    "text", ["nul\x00inside", "x" * 3000, "\ufffe\u4100", "lone \ud800 surrogate", "\u202edetfel", "🎷" * 80]
)
def test_any_text_survives(client: Client, text: str) -> None:
    client.stand_in.add_account(Account("Odd", JOINED, own=(play(Y2024, text, text, "not-an-mbid"),)))
    (track,) = client.recent("Odd")["track"]
    assert (track["name"], track["album"]) == (text, {"mbid": "not-an-mbid", "#text": text})


def test_info_has_the_playcount_as_string_and_registration_twice(client: Client) -> None:
    user = client.get("user.getInfo", user="SingleSam").json()["user"]
    sam = client.stand_in.accounts["SingleSam"]
    assert user["playcount"] == "1"
    assert user["registered"] == {
        "unixtime": str(int(sam.registered.timestamp())),
        "#text": int(sam.registered.timestamp()),
    }


def test_the_chart_counts_the_year_by_album_and_leaves_out_plays_without_one(client: Client) -> None:
    body = client.get("user.getWeeklyAlbumChart", user="lightluca", limit=1000, **year()).json()
    chart = body["weeklyalbumchart"]
    plays = client.stand_in.accounts["LightLuca"].plays(2024)
    counts = [int(album["playcount"]) for album in chart["album"]]
    assert chart["@attr"] == {"user": "LightLuca", "from": str(Y2024), "to": str(Y2025)}
    assert sum(counts) == sum(bool(each.album) for each in plays)
    assert counts == sorted(counts, reverse=True)
    assert [album["@attr"]["rank"] for album in chart["album"][:3]] == ["1", "2", "3"]
    ids = {(each.artist, each.album): each.album_mbid for each in plays if each.album_mbid}
    assert all(ids.get((row["artist"]["#text"], row["name"]), "") == row["mbid"] for row in chart["album"])


def test_a_chart_is_cut_off_at_its_limit_which_is_a_thousand(client: Client) -> None:
    many = tuple(Play(Y2024 + n, "Artist", "Song", f"Album {n}", "") for n in range(1_001))
    client.stand_in.add_account(Account("Pia", JOINED, own=many))
    for asked, given in (({}, 1000), ({"limit": 500}, 500)):
        body = client.get("user.getWeeklyAlbumChart", user="Pia", **year(), **asked).json()
        assert len(body["weeklyalbumchart"]["album"]) == given
    assert client.refusal("user.getWeeklyAlbumChart", user="Pia", limit=1001, **year()) == (400, 6)


def test_the_chart_of_an_empty_year_is_an_empty_list(client: Client) -> None:
    body = client.get("user.getWeeklyAlbumChart", user="EmptyEve", **year(Y2022, Y2023)).json()
    assert body["weeklyalbumchart"]["album"] == []


# Refusals


def test_refusals_have_the_status_and_code_that_lastfm_gives_them(client: Client) -> None:
    assert client.refusal("user.getNothing", user="LightLuca") == (400, 3)
    assert client.refusal(RECENT) == (400, 6)
    assert client.refusal(RECENT, user="nobody") == (404, 6)
    assert client.refusal("user.getInfo", user="nobody") == (404, 6)
    assert client.refusal(RECENT, user="HiddenHana") == (403, 17)
    assert client.refusal("user.getWeeklyAlbumChart", user="HiddenHana", **year()) == (403, 17)
    assert client.get("user.getInfo", user="HiddenHana").status_code == 200


@pytest.mark.parametrize(
    ("name", "value"), [("limit", 0), ("limit", 1001), ("page", 0), ("page", 1_000_001), ("limit", "many")]
)
def test_numbers_out_of_bounds_are_error_6(client: Client, name: str, value: str | int) -> None:
    assert client.refusal(RECENT, user="LightLuca", **{name: value}) == (400, 6)


def test_201_and_1000_rows_a_page_are_allowed(client: Client) -> None:
    assert len(client.recent(limit=201, **year())["track"]) == 201
    assert client.recent("HeavyHelen", limit=1000, **year())["@attr"]["totalPages"] == "13"


def test_a_missing_key_is_error_6_and_a_wrong_one_error_10(client: Client) -> None:
    assert client.refusal(RECENT, user="LightLuca", api_key="") == (400, 6)
    client.stand_in.api_key = "b" * 32
    assert client.refusal(RECENT, user="LightLuca") == (403, 10)


# Profiles


@pytest.mark.parametrize("verb", ["HEAD", "GET"])
def test_profiles_exist_in_any_case_even_of_those_who_hide(client: Client, verb: str) -> None:
    for name, status in (("heavyhelen", 200), ("HiddenHana", 200), ("nobody", 404)):
        answer = client.session.request(verb, f"{client.stand_in.url}/user/{name}", timeout=PATIENCE)
        assert answer.status_code == status
        assert bool(answer.content) is (verb == "GET")


def test_throttled_profiles_are_406_html(client: Client) -> None:
    client.stand_in.throttles_profiles = True
    answer = client.session.get(f"{client.stand_in.url}/user/HeavyHelen", timeout=PATIENCE)
    assert answer.status_code == 406
    assert answer.headers["Content-Type"].startswith("text/html")
    assert client.get(RECENT, user="LightLuca").status_code == 200


def test_profiles_are_hit_only_by_faults_of_their_own(client: Client) -> None:
    client.stand_in.faults.add(Fault("500"), Fault("503", method="profile"))
    address = f"{client.stand_in.url}/user/HeavyHelen"
    assert [client.session.head(address, timeout=PATIENCE).status_code for _ in range(2)] == [503, 200]
    assert client.get(RECENT, user="LightLuca").status_code == 500


# Faults


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("error8", 500, 8),
        ("error11", 503, 11),
        ("error16", 503, 16),
        ("error10", 403, 10),
        ("error17", 403, 17),
        ("error26", 403, 26),
        ("error29", 429, 29),
        ("error8_in_200", 200, 8),
        ("not_found", 404, 6),
    ],
)
def test_an_error_comes_once(client: Client, what: str, status: int, code: int) -> None:
    client.stand_in.faults.add(Fault(what))
    assert client.refusal(RECENT, user="LightLuca") == (status, code)
    assert dated(client.recent())


@pytest.mark.parametrize(("what", "status"), [("html", 200), ("500", 500), ("502", 502), ("503", 503)])
def test_html_comes_in_place_of_json(client: Client, what: str, status: int) -> None:
    client.stand_in.faults.add(Fault(what))
    answer = client.get(RECENT, user="LightLuca")
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")


def test_a_truncated_response_breaks_the_connection(client: Client) -> None:
    client.stand_in.faults.add(Fault("truncated"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.get(RECENT, user="LightLuca")
    assert dated(client.recent())


def test_cut_json_is_a_correct_response_that_cannot_be_parsed(client: Client) -> None:
    client.stand_in.faults.add(Fault("cut_json"))
    answer = client.get(RECENT, user="LightLuca")
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_a_hang_outlasts_the_clients_patience_and_not_the_stand_in(client: Client) -> None:
    client.stand_in.faults.add(Fault("hang", seconds=60))
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.session.get(
            client.stand_in.api_url,
            params={"method": RECENT, "user": "LightLuca", "api_key": "a"},
            timeout=(10, 0.05),
        )
    assert dated(client.recent())


def test_another_listeners_data_comes_under_their_own_name(client: Client) -> None:
    client.stand_in.faults.add(Fault("other_user"))
    page = client.recent("LightLuca", **year())
    assert page["@attr"]["user"] == "HeavyHelen"
    assert client.recent("LightLuca", **year())["@attr"]["user"] == "LightLuca"


def test_a_short_page_lacks_rows_that_its_total_counts(client: Client) -> None:
    client.stand_in.faults.add(Fault("short"))
    short = client.recent("HeavyHelen", limit=200, **year())
    whole = client.recent("HeavyHelen", limit=200, **year())
    assert len(dated(short)) == 180
    assert len(dated(whole)) == 200
    assert short["@attr"] == whole["@attr"]


def test_a_list_of_one_collapses_to_an_object(client: Client) -> None:
    client.stand_in.faults.add(Fault("single", times=None))
    assert client.recent("SingleSam")["track"]["name"]
    assert len(client.recent("LightLuca", **year())["track"]) == 50
    body = client.get("user.getWeeklyAlbumChart", user="SingleSam", **year(Y2023, Y2024)).json()
    assert body["weeklyalbumchart"]["album"]["playcount"] == "1"


def test_a_chart_may_come_empty_or_cut_off(client: Client) -> None:
    def albums() -> int:
        body = client.get("user.getWeeklyAlbumChart", user="LightLuca", **year()).json()
        return len(body["weeklyalbumchart"]["album"])

    whole = albums()
    client.stand_in.faults.add(Fault("half"), Fault("empty"))
    assert (albums(), albums(), albums()) == ((whole + 1) // 2, 0, whole)


def test_a_dripping_body_does_not_keep_the_stand_in_from_stopping(session: requests.Session) -> None:
    with LastfmStandIn() as stand_in:
        stand_in.faults.add(Fault("drip", seconds=0.01), Fault("drip", seconds=60))
        params = {"method": "user.getInfo", "user": "LightLuca", "api_key": "a"}
        assert session.get(stand_in.api_url, params=params, timeout=PATIENCE).json()["user"]["name"] == "LightLuca"
        answer = session.get(stand_in.api_url, params=params, timeout=PATIENCE, stream=True)
        assert answer.raw.read1(1000) == b"{"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        answer.json()


def test_a_response_may_have_another_encoding_and_another_date(client: Client) -> None:
    client.stand_in.faults.add(Fault("bomb"), Fault("other_time", seconds=7200))
    answer = client.session.get(
        client.stand_in.api_url, params={"method": RECENT, "user": "LightLuca", "api_key": "a"}, stream=True
    )
    assert answer.raw.read(2_000_000, decode_content=True).startswith(b'{"recenttracks"')
    assert answer.headers["Server"] == "openresty"
    answer.close()
    assert client.get(RECENT, user="LightLuca").headers["Date"] == "Mon, 15 Jun 2026 17:00:00 GMT"
    assert client.get(RECENT, user="LightLuca").headers["Date"] == "Mon, 15 Jun 2026 15:00:00 GMT"


def test_a_fault_hits_only_the_calls_it_names(client: Client) -> None:
    client.stand_in.faults.add(Fault("not_found", method="user.getrecenttracks", user="lightluca", page=2))
    assert client.get("user.getInfo", user="LightLuca", page=2).status_code == 200
    assert client.get(RECENT, user="HeavyHelen", page=2).status_code == 200
    assert client.get(RECENT, user="LightLuca").status_code == 200
    assert client.get(RECENT, user="LightLuca", page=2).status_code == 404
    assert client.get(RECENT, user="LightLuca", page=2).status_code == 200


def test_faults_come_in_order_and_as_often_as_they_say(client: Client) -> None:
    client.stand_in.faults.add(Fault("500", times=2), Fault("error16"))
    statuses = [client.get(RECENT, user="LightLuca").status_code for _ in range(4)]
    assert statuses == [500, 500, 503, 200]


def test_faults_end_when_they_are_cleared(client: Client) -> None:
    client.stand_in.faults.add(Fault("500", times=None))
    assert client.get(RECENT, user="LightLuca").status_code == 500
    client.stand_in.faults.clear()
    assert client.get(RECENT, user="LightLuca").status_code == 200


def test_a_fault_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault 'earthquake'"):
        Fault("earthquake")


# Changes between two pages


def test_a_late_play_shifts_the_pages(client: Client) -> None:
    client.stand_in.add_account(Account("Pia", JOINED, own=tuple(play(Y2024 + n) for n in range(201))))
    first = client.recent("Pia", limit=200)
    client.stand_in.add_plays("Pia", [play(Y2024 + 500, "Late")])
    second = client.recent("Pia", limit=200, page=2)
    assert (first["@attr"]["total"], second["@attr"]["total"]) == ("201", "202")
    assert [int(track["date"]["uts"]) - Y2024 for track in second["track"]] == [1, 0]


def test_a_deleted_play_is_gone_from_pages_and_totals(client: Client) -> None:
    plays = client.stand_in.accounts["LightLuca"].plays(2024)
    client.stand_in.remove_plays("LightLuca", plays[-1:])
    page = client.recent(limit=1, **year())
    assert page["@attr"]["total"] == str(len(plays) - 1)
    assert page["track"][0]["date"]["uts"] == str(plays[-2].uts)


# Rate, latency, log


def test_calls_above_the_rate_are_429_with_error_29(session: requests.Session) -> None:
    with LastfmStandIn(rate=2, window=1000) as stand_in:
        client = Client(session, stand_in)
        stand_in.call_log.rate = 0.003
        answers = [client.get(RECENT, user="LightLuca", limit=1) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].text == '{"error":29,"message":"Rate limit exceeded"}'
    assert stand_in.call_log.rejected == 2


def test_calls_run_side_by_side(client: Client) -> None:
    client.get("user.getInfo", user="LightLuca")
    client.stand_in.latency = 0.3
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(requests.get, client.stand_in.api_url, timeout=PATIENCE) for _ in range(8)]
    assert all(job.result().elapsed.total_seconds() >= 0.3 for job in jobs)
    assert client.stand_in.call_log.peak_in_flight in range(2, 9)


def test_the_log_has_every_call_without_its_key(client: Client) -> None:
    client.recent("heavyhelen", page=2)
    client.session.head(f"{client.stand_in.url}/user/nobody", timeout=PATIENCE)
    first, second = client.stand_in.calls
    assert (first.method, first.params["user"], first.params["page"]) == (RECENT, "heavyhelen", "2")
    assert "api_key" not in first.params
    assert first.agent.startswith("python-requests")
    assert (second.method, second.params) == ("profile", {"user": "nobody"})
    assert first.at <= second.at


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_a_signal(session: requests.Session, ending: signal.Signals) -> None:
    command = [sys.executable, "-m", "demo.lastfm", "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        assert session.head(f"{url}/user/growinggus", timeout=PATIENCE).status_code == 200
        process.send_signal(ending)
        _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (0, "")


def test_the_command_switches_faults_on(session: requests.Session) -> None:
    command = [sys.executable, "-m", "demo.lastfm", "--port", "0", "--fault", "error16,times=always"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        address = process.stdout.readline().strip().partition("=")[2]
        assert [session.get(address, timeout=PATIENCE).json()["error"] for _ in range(2)] == [16, 16]
        process.terminate()
    ended = subprocess.run([*command[:-1], "quake"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "no fault 'quake'" in ended.stderr


def test_the_command_says_so_when_its_port_is_taken(stand_in: LastfmStandIn) -> None:
    port = stand_in.url.rpartition(":")[2]
    command = [sys.executable, "-m", "demo.lastfm", "--port", port]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert f"Port {port} is taken" in ended.stderr
