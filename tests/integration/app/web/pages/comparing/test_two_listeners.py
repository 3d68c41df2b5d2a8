"""Two listeners' years in one chart: whoever is missing is asked for, whatever keeps either away is said."""

import re

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from app.events import Failure
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, Jobs, RunJobs, SiteWith
from tests.integration.app.web.pages.conftest import PutYear
from tests.integration.app.web.pages.test_release_year import text_of

PAGE = "/user/SingleSam/2023?with=LightLuca"


def bars(page: str) -> dict[str, str]:
    return dict(re.findall(r'<a id="b([\d-]+)" href="[^"]+"><title>([^<]+)</title>', page))


def test_both_are_in_one_chart_in_shares(put_year: PutYear, client: FlaskClient) -> None:
    put_year("SingleSam", {1985: 30, 2001: 10})
    put_year("LightLuca", {1985: 1_000, 1999: 3_000})
    page = client.get(PAGE).text
    assert bars(page) == {
        "1985": "1985: SingleSam 75.0\u00a0%, LightLuca 25.0\u00a0%",
        "1999": "1999: SingleSam 0\u00a0%, LightLuca 75.0\u00a0%",
        "2001": "2001: SingleSam 25.0\u00a0%, LightLuca 0\u00a0%",
    }
    assert 'href="/user/LightLuca/2023/1999"' in page, "a bar leads to whoever has plays in it"
    assert 'href="2023/1985"' in page
    assert "60 %" in text_of(page).replace("\u00a0", " "), "the axis is one of shares"
    assert "data-live" not in page
    text = text_of(page)
    assert "In 2023 half of SingleSam’s music came out by 1985, half of LightLuca’s by 1999." in text
    assert "SingleSam’s 2023" in text
    assert "LightLuca’s 2023" in text
    assert "Middle year 1985 1999" in text
    assert "noindex" in client.get(PAGE).headers["X-Robots-Tag"]


def test_a_share_reads_the_same_on_the_years_page_and_in_a_comparison_and_says_of_what_it_is(
    put_year: PutYear, client: FlaskClient
) -> None:
    put_year("SingleSam", {1985: 30, 2023: 10}, scrobbles=60, matched=40, not_found=20)
    put_year("LightLuca", {1999: 3})
    year, compared = (
        text_of(client.get(path).text).replace("\u00a0", " ") for path in ("/user/SingleSam/2023", PAGE)
    )
    assert "New in 2023 25.0 %" in year
    assert "New in 2023 25.0 %" in compared
    assert "Release year known for 40 of 60 plays (66.7 %); all shares are of these." in year
    assert "Shares of the plays whose release year is known" in compared


def tops(page: str) -> list[str]:
    """Where the albums of either are to be had."""
    (both,) = re.findall(r'data-top="([^"]*)"', page)
    return str(both).split(" ")


def test_the_albums_of_both_are_to_be_had_as_soon_as_they_have_bars(
    put_year: PutYear, client: FlaskClient
) -> None:
    put_year("SingleSam", {1985: 30})
    put_year("LightLuca", {}, phase="fetching")
    assert tops(client.get(PAGE).text) == ["/user/SingleSam/2023/top.json", ""]
    assert tops(client.get("/user/LightLuca/2023?with=SingleSam").text) == ["", "/user/SingleSam/2023/top.json"]
    put_year("LightLuca", {1985: 1}, song_years={1975: 1}, phase="fetching")
    assert tops(client.get(PAGE).text) == ["/user/SingleSam/2023/top.json", "/user/LightLuca/2023/top.json"]
    by_song = tops(client.get(f"{PAGE}&of=songs").text)
    assert by_song == ["/user/SingleSam/2023/top.json?of=songs", "/user/LightLuca/2023/top.json?of=songs"]


def test_the_page_can_be_shown_and_taken_along(put_year: PutYear, client: FlaskClient) -> None:
    put_year("SingleSam", {1985: 30, 2001: 10})
    put_year("LightLuca", {1985: 1_000, 1999: 3_000}, song_years={1985: 1_000, 1998: 3_000})
    page = client.get(f"{PAGE}&of=songs&by=decade", base_url="https://lastyear.example").text
    query = "?with=LightLuca&amp;of=songs&amp;by=decade"
    said = "In 2023 half of SingleSam’s music came out by 1985, half of LightLuca’s by 1998."
    for tag in (
        '<meta property="og:title" content="SingleSam and LightLuca in 2023, by the year of each song">',
        f'<meta property="og:image" content="https://lastyear.example/user/SingleSam/2023.png{query}">',
        f'<meta property="og:url" content="https://lastyear.example/user/SingleSam/2023{query}">',
        f'<meta property="og:image:alt" content="{said}">',
        '<meta name="twitter:card" content="summary_large_image">',
        f'id="share" href="/user/SingleSam/2023/share{query}"',
    ):
        assert tag in page
    (description,) = re.findall('<meta property="og:description" content="([^"]+)">', page)
    assert description.startswith(
        f"{said} SingleSam: Middle year 1985 · average age 34 years · release year known for every play."
    )


def test_no_headline_compares_with_a_year_that_still_grows(put_year: PutYear, client: FlaskClient) -> None:
    put_year("SingleSam", {1985: 30})
    put_year("LightLuca", {1995: 1}, phase="fetching", done=200, expected=1_800)
    page = client.get(PAGE).text
    assert 'class="headline"' not in page
    assert "LightLuca : 200 of 1,800 plays checked" in text_of(page)


def test_of_two_of_whom_nothing_is_placed_there_is_nothing_to_share(
    put_year: PutYear, client: FlaskClient
) -> None:
    put_year("SingleSam", {})
    put_year("LightLuca", {}, scrobbles=3, not_found=3)
    page = client.get(PAGE).text
    assert 'id="share"' not in page


def test_decades_can_be_compared_too(put_year: PutYear, client: FlaskClient) -> None:
    put_year("SingleSam", {1985: 30, 2001: 10})
    put_year("LightLuca", {1981: 1_000, 1989: 3_000})
    page = client.get(f"{PAGE}&by=decade").text
    assert bars(page) == {
        "1980-1989": "the 1980s: SingleSam 75.0\u00a0%, LightLuca 100\u00a0%",
        "2000-2009": "the 2000s: SingleSam 25.0\u00a0%, LightLuca 0\u00a0%",
    }
    assert 'href="/user/SingleSam/2023?with=LightLuca"' in page, "the way back to years keeps the other"


def test_whoever_is_missing_is_fetched_and_the_page_grows_by_one_after_the_other(
    client: FlaskClient, jobs: Jobs, run_jobs: RunJobs, put_year: PutYear
) -> None:
    page = client.get("/user/SingleSam/2023?with=LightLuca").text
    assert jobs() == 2
    assert 'data-live="/user/SingleSam/2023"' in page
    put_year("SingleSam", {1985: 1})
    assert 'data-live="/user/LightLuca/2023"' in client.get(PAGE).text
    run_jobs()
    page = client.get(PAGE).text
    assert "data-live" not in page
    assert len(bars(page)) > 10


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Failure.NO_SUCH_USER, "LightLuca : Last.fm knows no listener of that name."),
        (Failure.LISTENING_HIDDEN, "LightLuca : Recent listening is hidden"),
        (Failure.LASTFM_AWAY, "LightLuca : Last.fm does not answer right now"),
        (Failure.LASTFM_REFUSES, "LightLuca : Last.fm refuses this site’s key"),
        (Failure.BROKEN, "LightLuca : Something broke"),
    ],
)
def test_what_keeps_one_away_is_said_and_the_other_is_shown(
    put_year: PutYear, client: FlaskClient, failure: Failure, said: str
) -> None:
    put_year("SingleSam", {1985: 30, 2001: 10})
    put_year("LightLuca", {}, phase="failed", error=failure)
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert said in text_of(answer.text)
    assert bars(answer.text)["1985"] == "1985: SingleSam 75.0\u00a0%, LightLuca 0\u00a0%"
    # And the other way round.
    answer = client.get("/user/LightLuca/2023?with=SingleSam")
    assert said in text_of(answer.text)
    assert len(bars(answer.text)) == 2


def test_of_two_without_plays_there_is_no_chart_but_a_sentence(put_year: PutYear, client: FlaskClient) -> None:
    put_year("SingleSam", {})
    put_year("LightLuca", {}, scrobbles=3, not_found=3)
    page = client.get(PAGE).text
    assert "<svg" not in page
    assert "SingleSam : No plays in 2023." in text_of(page)
    assert "The release year of LightLuca’s plays in 2023 is not known." in page


def test_with_nobody_it_is_the_year_itself(put_year: PutYear, client: FlaskClient) -> None:
    put_year("SingleSam", {1985: 30})
    plain = client.get("/user/SingleSam/2023").text
    assert client.get("/user/SingleSam/2023?with=").text == plain


@pytest.mark.parametrize("name", ["..", "a/b", "<script>", "x" * 33, "ünïcode"])
def test_what_is_no_name_is_said_to_be_none(client: FlaskClient, jobs: Jobs, name: str) -> None:
    answer = client.get("/user/SingleSam/2023", query_string={"with": name})
    assert answer.status_code == 404
    assert f"“{escape(name)}” cannot be a Last.fm name" in answer.text
    assert jobs() == 0


def test_parts_that_are_away_are_said_of_both(site_with: SiteWith) -> None:
    for page in (site_with(redis_url=NO_REDIS).get(PAGE), site_with(database_url=NO_DATABASE).get(PAGE)):
        assert page.status_code == 200
        assert page.text.partition("<main")[2].count("A part of this site does not answer") == 2
