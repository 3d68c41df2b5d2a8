"""Error pages: each says what happened, has one headline, and leads on."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.web.rate_limits import LIMITS
from tests.integration.app.web.conftest import NO_DATABASE, NO_REDIS, SiteWith


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("/nowhere", 'action="/user"'),
        ("/user/.hidden", 'action="/user"'),
        ("/user/LightLuca/1999", 'href="/user/LightLuca">All years of LightLuca</a>'),
        ("/user/LightLuca/2024/77", 'href="/user/LightLuca/2024">Back to the chart</a>'),
    ],
)
def test_who_is_lost_is_led_on(client: FlaskClient, path: str, way: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert way in answer.text
    assert answer.text.count("<h1") == 1


def test_of_a_name_that_cannot_be_no_link_is_made(client: FlaskClient) -> None:
    assert "All years of" not in client.get("/user/%22%3E.1/1999").text


def test_what_passes_is_worth_another_try(
    client: FlaskClient, site_with: SiteWith, broken: Callable[[str], None]
) -> None:
    visitor, path = site_with(redis_url=NO_REDIS, database_url=NO_DATABASE), "/user/LightLuca/2024/1977?page=1"
    away = visitor.get(path)
    assert visitor.head(path).content_length == away.content_length, "HEAD says what GET would"
    assert away.status_code == 503
    assert int(away.headers["Retry-After"]) > 0
    assert 'href="/user/LightLuca/2024/1977?page=1">Try again</a>' in away.text
    assert 'href="/user/LightLuca/2024">Back to the chart</a>' in away.text

    broken("app.web.pages.listener.listener_status")
    answer = client.get("/user/LightLuca")
    assert answer.status_code == 500
    assert '<a class="button" href="/user/LightLuca">Try again</a>' in answer.text
    assert 'action="/user"' in answer.text


@pytest.mark.parametrize("path", ["/user/LightLuca", "/user/LightLuca/2024"])
def test_a_page_that_has_nothing_to_show_can_be_tried_again(
    client: FlaskClient, site_with: SiteWith, path: str
) -> None:
    away = site_with(redis_url=NO_REDIS).get(path)
    assert away.status_code == 503
    assert "cannot be shown right now" in away.text
    assert f'<a class="button" href="{path}">Try again</a>' in away.text


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("/user/LightLuca/missing", 'href="/user/LightLuca">All years of LightLuca</a>'),
        ("/user/LightLuca/2024/refresh", 'href="/user/LightLuca/2024">Back to the chart</a>'),
        ("/user/%22%3E.1/%22%3E/refresh", 'href="/user/%22%3E.1/%22%3E">Back to the chart</a>'),
    ],
)
def test_a_button_that_failed_leads_back(client: FlaskClient, path: str, way: str) -> None:
    answer = client.post(path)
    assert answer.status_code == 403
    assert way in answer.text


def test_who_asks_too_much_is_told_when_to_come_back_and_how(client: FlaskClient) -> None:
    for number in range(int(LIMITS["fetch"].split()[0])):
        client.get(f"/user/nobody-{number}/2024")
    answer = client.get("/user/more/2024?by=decade&x=%22%3E")
    assert answer.status_code == 429
    again = int(answer.headers["Retry-After"])
    assert 0 < again <= 60
    assert f"Wait {again} second" in answer.text
    assert 'href="/user/more/2024?by=decade&amp;x=%22%3E">Try again</a>' in answer.text
