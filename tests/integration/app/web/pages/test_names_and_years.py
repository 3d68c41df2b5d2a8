"""Names and years are looked at before anything else happens: what makes no sense costs nobody anything."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from app.events import JobUpdate
from demo.lastfm.stand_in import LastfmStandIn
from tests.integration.app.web.conftest import Jobs, event

HOSTILE = [
    "..",
    "../../etc/passwd",
    "a\0b",
    "a" * 33,
    "x" * 300,
    "💿",
    "Heavy Helen",
    "<script>alert(1)</script>",
    "'; DROP TABLE scrobbles; --",
    ".leading",
    "{{ 7 * 7 }}",
    "Ｈelen",
    "Helen\n",
    "%2e%2e%2f",
]
NEXT_YEAR = str(datetime.now(UTC).year + 1)
SENSELESS = ["0", "1999", "2001", NEXT_YEAR, "text", "2024x", "٢٠٢٤", "02024", "-2024", "2024.0", " "]


@pytest.mark.parametrize("path", ["/user/{}", "/user/{}/2024", "/user/{}/2024.json", "/user/{}/2024/events"])
def test_a_name_that_cannot_be_one_is_told_so_and_costs_nothing(
    client: FlaskClient, lastfm: LastfmStandIn, jobs: Jobs, path: str
) -> None:
    for name in HOSTILE:
        answer = client.get(path.format(quote(name, safe="")))
        assert answer.status_code == 404, name
        assert name not in answer.text or name == "..", name
    assert jobs() == 0
    assert lastfm.calls == []


def test_names_in_every_encoding_are_refused(client: FlaskClient, jobs: Jobs) -> None:
    for encoded in ("..", "%2e%2e%2f", "%00", "%F0%9F%92%BF", "%ff%fe", "%"):
        assert client.get(f"/user/{encoded}/2024", follow_redirects=True).status_code == 404, encoded
        assert client.get(f"/user?name={encoded}").status_code == 404, encoded
    assert jobs() == 0


def test_a_year_that_cannot_be_one_is_told_so_and_costs_nothing(client: FlaskClient, jobs: Jobs) -> None:
    for year in SENSELESS:
        for tail in ("", ".json", "/events"):
            assert client.get(f"/user/HeavyHelen/{quote(year)}{tail}").status_code == 404, year + tail
        refresh = client.post(f"/user/HeavyHelen/{quote(year)}/refresh", headers={"Sec-Fetch-Site": "same-origin"})
        assert refresh.status_code == 404, year
    assert jobs() == 0


def test_the_first_year_that_lastfm_counts_and_the_current_one_can_be_asked_for(
    client: FlaskClient, jobs: Jobs
) -> None:
    assert client.get("/user/HeavyHelen/2002").status_code == 200
    assert client.get(f"/user/HeavyHelen/{datetime.now(UTC).year}").status_code == 200
    assert jobs() == 2


@pytest.mark.parametrize("name", ["_leading", "-leading-", "_", "-help", "a.b-c_d", "7"])
def test_a_name_may_begin_with_what_lastfm_lets_it_begin_with(client: FlaskClient, jobs: Jobs, name: str) -> None:
    for path in ("/user/{}/2024", "/user/{}", "/user/{}/2024.svg", "/api/v1/users/{}/years/2024"):
        assert client.get(path.format(name)).status_code in (200, 202), path
    assert jobs() == 2
    JobUpdate(username=name, year=2024, event=event())


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("/about/", "/about"),
        ("/user/HeavyHelen/", "/user/HeavyHelen"),
        ("/user/HeavyHelen/2024/", "/user/HeavyHelen/2024"),
        ("/user/HeavyHelen/2024//", "/user/HeavyHelen/2024"),
        ("/user/HeavyHelen/2024/?by=decade&of=songs", "/user/HeavyHelen/2024?by=decade&of=songs"),
        ("/user/HeavyHelen/2024/1977/", "/user/HeavyHelen/2024/1977"),
        ("/user/HeavyHelen/2024.svg/", "/user/HeavyHelen/2024.svg"),
        ("/api/v1/users/HeavyHelen/years/2024/", "/api/v1/users/HeavyHelen/years/2024"),
    ],
)
def test_a_slash_at_the_end_leads_to_the_address_without_it(client: FlaskClient, address: str, right: str) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.location) == (308, right)


@pytest.mark.parametrize(
    "address", ["/%2Felsewhere.example/", "/%5Celsewhere.example/", "/elsewhere.example//", "/nowhere/"]
)
def test_a_slash_at_the_end_leads_nowhere_else(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_form_leads_to_the_years_whatever_spaces_are_around_the_name(client: FlaskClient) -> None:
    answer = client.get("/user?name=%20HeavyHelen%20")
    assert (answer.status_code, answer.location) == (303, "/user/HeavyHelen")
    assert client.get("/user").status_code == 404


def test_every_page_of_a_name_with_dots_and_dashes_links_to_itself_and_nowhere_else(client: FlaskClient) -> None:
    page = client.get("/user/a.b-c_d/2024").text
    assert 'data-live="/user/a.b-c_d/2024"' in page
    assert 'href="/user/a.b-c_d"' in page


def test_programs_are_answered_in_json_also_when_it_goes_wrong(client: FlaskClient) -> None:
    answer = client.get("/user/HeavyHelen/1999.json")
    assert answer.get_json()["error"] == "There is no such year"
