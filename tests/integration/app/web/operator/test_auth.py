"""Authentication of the operator's pages: nothing without the password, and guesses are limited."""

import re

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from app.settings import BadSettings, Settings
from app.web.operator import create_app
from tests.integration.app.web.conftest import NO_REDIS
from tests.integration.app.web.operator.conftest import Pages, credentials
from tests.integration.conftest import PASSWORD

PATHS = ["/", "/operator/", "/operator/queues/", "/operator/static/style.css", "/nowhere", "/healthz"]


def test_without_a_password_set_nothing_starts(settings: Settings) -> None:
    with pytest.raises(BadSettings, match=r"^OPERATOR_PASSWORD: missing\. Password of the operator's pages"):
        create_app(settings.model_copy(update={"operator_password": SecretStr("")}))


@pytest.mark.parametrize("path", PATHS)
def test_nobody_sees_anything_without_the_password(stranger: FlaskClient, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
        answer = stranger.open(path, method=method)
        assert answer.status_code == 401, method
        assert answer.headers["WWW-Authenticate"].startswith('Basic realm="LastYear.fm operator"')


@pytest.mark.parametrize(
    "headers",
    [
        credentials(password="wrong"),
        credentials(password=""),
        credentials(password=PASSWORD + " "),
        credentials(user="Operator"),
        credentials(user=f"operator:{PASSWORD}", password=""),
        {"Authorization": "Basic"},
        {"Authorization": "Basic ///"},
        {"Authorization": "Basic b3BlcmF0b3I="},
        {"Authorization": f"Bearer {PASSWORD}"},
        {"Authorization": "Basic \xff"},
    ],
)
def test_whatever_else_is_given_is_refused(stranger: FlaskClient, headers: dict[str, str]) -> None:
    assert stranger.get("/operator/", headers=headers).status_code == 401


def test_the_password_opens_every_page(operator: FlaskClient) -> None:
    assert operator.get("/").headers["Location"] == "/operator/"
    for path in ("/operator/", "/operator/queues/", "/operator/static/style.css"):
        assert operator.get(path, buffered=True).status_code == 200


def test_a_password_of_any_letters_works(pages_with: Pages) -> None:
    client = pages_with(known=False, operator_password=SecretStr("grün:weiß 🎷"))
    assert client.get("/operator/", headers=credentials(password="grün:weiß 🎷")).status_code == 200
    assert client.get("/operator/", headers=credentials(password="grün")).status_code == 401


def test_who_guesses_too_often_has_to_wait_even_with_the_right_one(stranger: FlaskClient) -> None:
    wrong, here = credentials(password="guess"), {"REMOTE_ADDR": "203.0.113.9"}
    answers = [stranger.get("/operator/", headers=wrong, environ_overrides=here) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    right = stranger.get("/operator/", headers=credentials(), environ_overrides=here)
    assert right.status_code == 429
    assert 0 < int(right.headers["Retry-After"]) <= 60
    elsewhere = {"REMOTE_ADDR": "203.0.113.10"}
    assert stranger.get("/operator/", headers=credentials(), environ_overrides=elsewhere).status_code == 200


def test_guesses_are_limited_without_redis_too(pages_with: Pages) -> None:
    stranger = pages_with(known=False, redis_url=NO_REDIS)
    wrong = [stranger.get("/operator/", headers=credentials(password="guess")) for _ in range(12)]
    assert [answer.status_code for answer in wrong] == [401] * 10 + [429] * 2
    assert stranger.get("/operator/", headers=credentials()).status_code == 429


def test_the_right_password_costs_nothing(operator: FlaskClient) -> None:
    assert {operator.get("/operator/").status_code for _ in range(30)} == {200}


def test_guesses_are_counted_by_who_stands_before_the_proxy(stranger: FlaskClient) -> None:
    for number in range(12):
        headers = {**credentials(password="guess"), "X-Forwarded-For": f"203.0.113.{number}"}
        assert (
            stranger.get("/operator/", headers=headers, environ_overrides={"REMOTE_ADDR": ""}).status_code == 401
        )


def test_every_answer_carries_the_policy_and_is_kept_by_nobody(
    operator: FlaskClient, stranger: FlaskClient
) -> None:
    answers = [client.get(path) for client in (operator, stranger) for path in ("/operator/", "/nowhere")]
    for answer in answers:
        policy = answer.headers.getlist("Content-Security-Policy")
        assert len(policy) == 1
        assert "default-src 'none'" in policy[0]
        assert "unsafe" not in policy[0]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in answer.headers
        assert PASSWORD not in answer.text


def test_only_rq_dashboards_pages_have_a_looser_policy_with_a_nonce_of_their_own(operator: FlaskClient) -> None:
    one, other = (operator.get("/operator/queues/") for _ in range(2))
    nonces = [re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"]) for answer in (one, other)]
    assert nonces[0] != nonces[1]
    assert f'<script nonce="{nonces[0][0]}">' in one.text
    scripts = one.headers["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    assert "'unsafe-inline'" not in scripts
    refused = operator.get("/operator/queues/requeue/fetches")
    assert "unsafe" not in refused.headers["Content-Security-Policy"]
