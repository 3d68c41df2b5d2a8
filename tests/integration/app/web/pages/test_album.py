"""Why an album has its year: told from the store and the mirror, and from the store alone."""

import re
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from pydantic import SecretStr

from app.store import Connection, albums
from app.store.albums import Album
from app.web.rate_limits import LIMITS
from tests.integration.app.web.conftest import NO_DATABASE, Fetched, SiteWith
from tests.integration.app.web.pages.test_release_year import HOSTILE, text_of

LOOSE = Album("Pink Floyd", "The Animls", None, uuid4(), 1977, "fuzzy_matched", "title nearly", 0.92, "Animals")


def kept(connection: Connection, album: Album) -> str:
    albums.save(connection, [album])
    return f"/album/{album.key}"


def test_every_album_of_a_bar_leads_to_why_it_stands_there(
    fetched: Fetched, client: FlaskClient, connection: Connection
) -> None:
    fetched("LightLuca", 2024)
    years = client.get("/user/LightLuca/2024.json").get_json()["progress"]["years"]
    year = max(years, key=lambda one: years[one])
    page = client.get(f"/user/LightLuca/2024/{year}").text
    ways = re.findall(r'href="(/album/[0-9a-f-]+)">wrong year\?', page)
    assert len(ways) == page.count("wrong year?") > 0
    answer = client.get(ways[0])
    text = text_of(answer.text)
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert f"Why {year}?" in text
    assert re.search(rf"First released (\d+ )?(\w+ )?{year}, as ", text)
    assert re.search(r"\d editions? at MusicBrainz", text)
    assert re.search(r"Looked up on \d+ [A-Z][a-z]+ \d{4}", text)
    assert re.search(r'href="https://musicbrainz\.org/release/[0-9a-f-]+/edit"', answer.text)
    assert "LightLuca" not in answer.text, "the page is about an album, not about who listens"
    mbids = connection.execute("SELECT album_mbid FROM albums WHERE method LIKE 'mbid%'").fetchone()
    assert mbids is not None
    key = connection.execute("SELECT key FROM albums WHERE album_mbid = %s", mbids).fetchone()
    assert key is not None
    by_mbid = client.get(f"/album/{key[0]}")
    assert "By the ID that the player sent along" in by_mbid.text
    assert f"https://musicbrainz.org/mbid/{mbids[0]}" in by_mbid.text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/user/LightLuca/2024/1977", "LightLuca’s 2024: music from 1977"),
        ("/user/LightLuca/2024/1970-1979?of=songs&page=2", "LightLuca’s 2024: music from the 1970s"),
        ("/user/LightLuca/2024/unknown", "LightLuca’s 2024: unplaced plays"),
    ],
)
def test_it_leads_back_to_the_list_that_led_here(
    client: FlaskClient, connection: Connection, path: str, said: str
) -> None:
    page = client.get(kept(connection, LOOSE), headers={"Referer": f"http://localhost{path}"}).text
    assert f'<a id="back" href="{escape(path)}">{said}</a>' in page


@pytest.mark.parametrize(
    "referrer",
    [
        "",
        "http://localhost/user/LightLuca/2024",
        "http://localhost/user/<script>/2024/1977",
        "http://elsewhere.example/user/LightLuca/2024/1977",
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_it_leads_back_nowhere_else(client: FlaskClient, connection: Connection, referrer: str) -> None:
    answer = client.get(kept(connection, LOOSE), headers={"Referer": referrer})
    assert answer.status_code == 200
    assert 'id="back"' not in answer.text


def test_a_slip_is_told_with_its_score_and_with_what_it_was_taken_for(
    client: FlaskClient, connection: Connection
) -> None:
    page = client.get(kept(connection, LOOSE)).text
    assert "By a similar title, 92 % alike." in text_of(page)
    assert "Recognised as Animals" in text_of(page)
    assert "We cannot say right now" in text_of(page), "no such group is in the mirror"
    assert "/edit" not in page


@pytest.mark.parametrize(
    "mirror", ["postgresql://nobody@127.0.0.1:1/nothing", "the app's"], ids=["away", "without an import"]
)
def test_without_the_mirror_it_tells_what_the_store_knows(
    site_with: SiteWith, connection: Connection, mirror: str, database_url: str
) -> None:
    url = SecretStr(database_url if mirror == "the app's" else mirror)
    answer = site_with(mirror_url=url).get(kept(connection, LOOSE))
    assert answer.status_code == 200
    assert "Recognised as Animals" in text_of(answer.text)
    assert "First released 1977" in text_of(answer.text)


def test_a_year_that_was_mended_meanwhile_is_announced(
    fetched: Fetched, client: FlaskClient, connection: Connection
) -> None:
    fetched("LightLuca", 2024)
    row = connection.execute(
        "UPDATE albums SET release_year = 1860 WHERE id = (SELECT min(id) FROM albums WHERE method = 'names')"
        " RETURNING key"
    ).fetchone()
    assert row is not None
    text = text_of(client.get(f"/album/{row[0]}").text)
    assert "Why 1860?" in text
    assert re.search(r"now says \d{4}", text)


@pytest.mark.parametrize(
    ("album", "said"),
    [
        (
            Album("Nobody", "Nothing", None, augmentation_status="not_found"),
            "Not found: MusicBrainz has no album of this name",
        ),
        (Album("Nobody", "Later", None), "Not looked up yet"),
    ],
)
def test_an_album_without_a_year_says_why_and_where_to_look(
    client: FlaskClient, connection: Connection, album: Album, said: str
) -> None:
    page = client.get(kept(connection, album)).text
    assert "Why no year?" in page
    assert said in text_of(page)
    assert "musicbrainz.org/search" in page


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_nothing(client: FlaskClient, connection: Connection, name: str) -> None:
    page = client.get(kept(connection, Album(name, name, None, uuid4(), 1977, "matched", "names", 1.0, name))).text
    assert "<script>" not in page
    assert "<img" not in page
    assert "49" not in re.findall(r"<h1>.*</h1>", page)[0]


@pytest.mark.parametrize("key", [str(UUID(int=1)), "x", "1", "../user"])
def test_what_is_not_there_says_so(client: FlaskClient, key: str) -> None:
    assert client.get(f"/album/{key}").status_code == 404


def test_songs_without_an_album_have_no_such_page(client: FlaskClient, connection: Connection) -> None:
    assert client.get(kept(connection, Album("Solo", "", None))).status_code == 404


def test_without_the_database_it_says_so_and_looking_is_limited(site_with: SiteWith, client: FlaskClient) -> None:
    assert site_with(database_url=NO_DATABASE).get(f"/album/{UUID(int=1)}").status_code == 503
    per_minute = int(LIMITS["albums"].split()[0])
    assert [client.get(f"/album/{UUID(int=1)}").status_code for _ in range(per_minute)][-1] == 429
