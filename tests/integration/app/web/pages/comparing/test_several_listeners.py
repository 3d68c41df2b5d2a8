"""Up to six listeners side by side: whoever is missing is fetched within the limits, and a bad list is refused."""

import re

import pytest
from flask.testing import FlaskClient

from app.events import Failure
from app.web.rate_limits import LIMITS
from tests.integration.app.web.conftest import Jobs, RunJobs, SiteWith
from tests.integration.app.web.pages.conftest import PutYear
from tests.integration.app.web.pages.test_release_year import text_of

PAGE = "/user/SingleSam/2023?with=LightLuca,HeavyHelen"
OLD, MIXED, NEW = {1970: 30, 1972: 30}, {1960: 30, 1985: 40, 2023: 40}, {2010: 10, 2023: 90}


@pytest.fixture
def three(put_year: PutYear) -> None:
    """SingleSam plays old music, LightLuca all kinds, HeavyHelen what is new."""
    for name, years in (("SingleSam", OLD), ("LightLuca", MIXED), ("HeavyHelen", NEW)):
        put_year(name, years)


def heights(page: str) -> list[list[str]]:
    """How high each chart's bars are."""
    charts = page.split('<svg class="chart"')[1:]
    return [re.findall(r'data-bar x="[^"]+" y="[^"]+" width="[^"]+" height="([^"]+)%"', one) for one in charts]


@pytest.mark.usefixtures("three")
def test_each_has_a_chart_on_the_same_scale_and_is_told_what_they_are_first_in(client: FlaskClient) -> None:
    answer = client.get(PAGE)
    page, text = answer.text, text_of(answer.text).replace("\u00a0", " ")
    assert [len(bars) for bars in heights(page)] == [2, 3, 2]
    assert "SingleSam, LightLuca and HeavyHelen in 2023, by release year" in text
    assert "In 2023 half of SingleSam’s music came out by 1970, half of HeavyHelen’s by 2023." in text
    assert "Oldest middle year : 1970" in text
    assert "Widest spread : half of it from 1960 to 2023" in text
    assert "Most new music : 90.0 %" in text
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "data-live" not in page


@pytest.mark.usefixtures("three")
def test_each_can_be_taken_away_and_another_added(client: FlaskClient) -> None:
    page = client.get(f"{PAGE}&by=decade").text
    assert re.findall(r'id="without-\w+" href="([^"]+)"', page) == [
        "/user/LightLuca/2023?with=HeavyHelen&amp;by=decade",
        "/user/SingleSam/2023?with=HeavyHelen&amp;by=decade",
        "/user/SingleSam/2023?with=LightLuca&amp;by=decade",
    ]
    assert '<input type="hidden" name="with" value="LightLuca,HeavyHelen">' in page
    assert '<input type="hidden" name="by" value="decade">' in page
    added = client.get(f"{PAGE}&with=@GrowingGus&by=decade")
    assert added.status_code == 302
    assert added.location == "/user/SingleSam/2023?with=LightLuca,HeavyHelen,GrowingGus&by=decade"
    two = client.get("/user/SingleSam/2023?with=LightLuca").text
    assert '<input type="hidden" name="with" value="LightLuca">' in two, "the page of two leads here"
    six = client.get(f"{PAGE},GrowingGus,HiddenHana,NobodyNoel").text
    assert 'name="with"' not in six


@pytest.mark.usefixtures("three")
def test_the_page_can_be_taken_along_as_one_picture(client: FlaskClient) -> None:
    page = client.get(f"{PAGE}&by=decade", base_url="https://lastyear.example").text
    query = "?with=LightLuca,HeavyHelen&amp;by=decade"
    assert f'<meta property="og:image" content="https://lastyear.example/user/SingleSam/2023.png{query}">' in page
    drawn = client.get(f"/user/SingleSam/2023.svg{query.replace('&amp;', '&')}")
    assert drawn.status_code == 200
    for name in ("SingleSam", "LightLuca", "HeavyHelen"):
        assert f">{name}</text>" in drawn.text
    assert "Oldest middle year: 1970" in drawn.text
    assert client.get("/user/SingleSam/2023.png?with=LightLuca,HeavyHelen").data.startswith(b"\x89PNG")


@pytest.mark.usefixtures("three")
def test_all_count_by_song_where_one_has_such_songs(put_year: PutYear, client: FlaskClient) -> None:
    put_year("LightLuca", {1985: 30}, song_years={1975: 30})
    page = client.get(f"{PAGE}&of=songs").text
    assert "by the year of each song" in page
    assert '<th scope="row">1975' in page
    assert 'href="/user/LightLuca/2023?of=songs"' in page


@pytest.mark.parametrize(
    ("names", "said", "way"),
    [
        ("A,B,C,D,E,F", "At most 6 listeners fit on one page", "A,B,C,D,E"),
        ("LightLuca,singlesam", "SingleSam is on this page already", "LightLuca"),
        ("singlesam", "SingleSam is on this page already", ""),
        ("LightLuca,HeavyHelen,lightluca", "lightluca is named twice", "LightLuca,HeavyHelen"),
        ("LightLuca,,HeavyHelen", "A name is missing in this list", "LightLuca,HeavyHelen"),
        (",", "A name is missing in this list", ""),
        ("LightLuca,<b>", "“&lt;b&gt;” cannot be a Last.fm name", "LightLuca"),
        ("LightLuca," + "x" * 3_000, f"“{'x' * 40}…” cannot be a Last.fm name", "LightLuca"),
    ],
)
def test_a_bad_list_is_refused_with_its_fault_and_leads_to_the_rest(
    client: FlaskClient, jobs: Jobs, names: str, said: str, way: str
) -> None:
    for ending in ("", ".svg", ".png"):
        answer = client.get(f"/user/SingleSam/2023{ending}", query_string={"with": names})
        assert answer.status_code == (404 if "cannot be" in said else 400)
        assert said in answer.text
        query = f"?with={way}" if way else ""
        assert f'class="button" href="/user/SingleSam/2023{query}"' in answer.text
    assert jobs() == 0


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Failure.NO_SUCH_USER, "Last.fm knows no listener of that name."),
        (Failure.LISTENING_HIDDEN, "Recent listening is hidden"),
        (Failure.BARRED, "This listener is not shown here"),
    ],
)
def test_whoever_cannot_be_shown_says_why_and_the_others_are_drawn(
    put_year: PutYear,
    client: FlaskClient,
    failure: Failure,
    said: str,
) -> None:
    put_year("NobodyNoel", {}, phase="failed", error=failure)
    answer = client.get(f"{PAGE},NobodyNoel")
    assert answer.status_code == 200
    assert said in text_of(answer.text)
    assert len(heights(answer.text)) == 3
    assert "Oldest middle year" in answer.text, "of the others"
    first = client.get("/user/NobodyNoel/2023?with=SingleSam,LightLuca")
    assert said in text_of(first.text)
    assert len(heights(first.text)) == 2
    assert said in client.get("/user/NobodyNoel/2023.svg?with=SingleSam,LightLuca").text


def test_whoever_is_missing_is_fetched_and_the_page_follows_until_all_are_in(
    client: FlaskClient, jobs: Jobs, run_jobs: RunJobs
) -> None:
    page = client.get("/user/SpellingSia/2024?with=LightLuca,NobodyNoel").text
    assert jobs() == 3
    assert 'data-live="/user/SpellingSia/2024"' in page
    assert "once every year is in" in page
    run_jobs()
    page = client.get("/user/SpellingSia/2024?with=LightLuca,NobodyNoel").text
    assert "data-live" not in page
    assert "Oldest middle year" in page


def test_nothing_is_said_of_who_is_first_while_plays_come_in(put_year: PutYear, client: FlaskClient) -> None:
    put_year("SingleSam", OLD)
    put_year("HeavyHelen", NEW)
    put_year("LightLuca", {1995: 1}, phase="fetching", done=200, expected=1_800)
    page = client.get(PAGE).text
    assert 'data-live="/user/LightLuca/2023"' in page
    assert "200 of 1,800 plays checked" in page
    assert "Oldest middle year" not in page
    assert "As a picture" not in page


def test_a_visit_starts_no_more_fetches_than_its_address_may(
    put_year: PutYear,
    site_with: SiteWith,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(LIMITS, "fetch", "2 per minute")
    client = site_with()
    put_year("HeavyHelen", NEW)
    page = text_of(client.get("/user/HeavyHelen/2023?with=SingleSam,LightLuca,GrowingGus,NewNora").text)
    assert jobs() == 2
    assert page.count("Too many years asked for at once") == 2
    assert "Middle year 2023" in page, "whoever is here is drawn"
    answer = client.get("/user/GrowingGus/2023?with=NewNora,OtherOle")
    assert answer.status_code == 429, "where nobody can be"


def test_whoever_has_another_name_now_is_shown_by_that_and_once(put_year: PutYear, client: FlaskClient) -> None:
    put_year("OldOlaf", {}, phase="failed", error=Failure.RENAMED, renamed_to="LightLuca")
    for name in ("SingleSam", "LightLuca", "HeavyHelen"):
        put_year(name, OLD)
    answer = client.get("/user/SingleSam/2023?with=HeavyHelen,oldolaf,LightLuca&by=decade")
    assert answer.location == "/user/SingleSam/2023?with=HeavyHelen,LightLuca&by=decade&was=OldOlaf"
