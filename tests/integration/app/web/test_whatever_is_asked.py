"""Whatever is asked of any address, in whatever form: no error of ours, no trace, nothing of it unescaped."""

import json
import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis import Redis
from werkzeug.routing import Rule

from app.settings import Settings
from app.web.operator import create_app as create_operator_app
from tests.integration.app.web.operator.conftest import credentials

REQUESTS = int(os.environ.get("REQUESTS", "400"))
"""How many of the site; of the operator's pages a quarter."""
FORGET_EVERY = 200  # requests: then nothing is queued or limited any more

MARK = "zq<i>'\"&zq"
RAW = b"zq<i>"
HOSTILE = (
    MARK,
    f"{MARK}</script><script>alert(1)</script>",
    "../../etc/passwd",
    "{{7*7}}${7*7}",
    "%00\x00",
    "\r\nX-Injected: yes",
    "'; DROP TABLE fetch_jobs; --",
    "-1",
    "0",
    "99999999999999999999",
    "1e999",
    "nan",
    "٢٠٢٤",
    "Ω≈ç√\u202e\ufffe",
    "a" * 3000,
    "http://127.0.0.1:1/",
    "//other.example/",
)
ORDINARY = ("LightLuca", "HeavyHelen", "2024", "2023", "1977", "1970-1979", "unknown", "songs", "decade", "1", "2")
QUESTIONS = (
    "by",
    "of",
    "with",
    "was",
    "page",
    "user",
    "q",
    "year",
    "name",
    "look",
    "format",
    "limit",
    "key",
    "at",
)
HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Cookie",
    "Host",
    "If-Modified-Since",
    "If-None-Match",
    "Origin",
    "Range",
    "Referer",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Site",
    "Sec-Purpose",
    "Upgrade",
    "User-Agent",
    "X-Forwarded-Host",
    "X-Forwarded-Prefix",
    "X-Forwarded-Proto",
)
METHODS = ("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW")

words = st.one_of(st.sampled_from(HOSTILE), st.sampled_from(ORDINARY), st.text(max_size=20))
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
albums = st.lists(st.fixed_dictionaries({"artist": words, "album": words}), max_size=4)
bodies = st.one_of(
    st.just(b""),
    st.binary(max_size=50),
    json_values.map(lambda value: json.dumps(value).encode()),
    albums.map(lambda value: json.dumps(value).encode()),
    words.map(lambda word: f"user={quote(word)}".encode()),
)
addresses = st.integers(1, 250).map(lambda number: f"10.3.0.{number}")
ASKING = hypothesis_settings(
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def requested(rules: list[Rule]) -> st.SearchStrategy[dict[str, Any]]:
    """Any request of one of these addresses."""
    return st.fixed_dictionaries(
        {
            "path": st.sampled_from(sorted(rule.rule for rule in rules)).flatmap(_path),
            "method": st.sampled_from(METHODS),
            "query_string": st.dictionaries(st.sampled_from(QUESTIONS) | words, words, max_size=3),
            "headers": st.dictionaries(st.sampled_from(HEADERS), words.map(_one_line), max_size=3),
            "data": bodies,
            "content_type": st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""]),
            "address": addresses,
        }
    )


def _path(rule: str) -> st.SearchStrategy[str]:
    """Fill the address with anything, as a browser would encode it."""
    parts = re.split(r"<[^>]+>", rule)
    fillings = st.lists(words, min_size=len(parts) - 1, max_size=len(parts) - 1)
    return fillings.map(
        lambda filled: parts[0] + "".join(quote(one) + part for one, part in zip(filled, parts[1:], strict=True))
    )


def _one_line(text: str) -> str:
    return re.sub(r"[\r\n]", " ", text).encode("latin-1", "replace").decode("latin-1")


def ask_for_anything(client: FlaskClient, rules: list[Rule], redis: Redis, examples: int) -> int:
    """Ask so many times, and check each answer; returns how many were asked."""
    asked = 0

    @hypothesis_settings(ASKING, max_examples=examples)
    @given(requested(rules))
    def ask(request: dict[str, Any]) -> None:
        nonlocal asked
        asked += 1
        if asked % FORGET_EVERY == 0:
            redis.flushdb()
        origin = {"REMOTE_ADDR": request.pop("address")}
        answer = client.open(**request, environ_overrides=origin, buffered=False)
        # A stream has no end while nobody closes it.
        body = b"" if answer.mimetype == "text/event-stream" else answer.get_data()
        answer.close()
        assert answer.status_code < 500, (request, answer.status)
        assert b"Traceback" not in body, request
        assert b"site-packages" not in body, request
        assert "X-Injected" not in answer.headers, request
        if answer.mimetype not in ("application/json", "text/csv"):
            assert RAW not in body, request

    ask()
    return asked


@pytest.fixture
def unmasked(app: Flask) -> FlaskClient:
    """A visitor who sees what a visitor would, whatever went wrong."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


def test_whatever_is_asked_of_the_site_it_answers(app: Flask, unmasked: FlaskClient, redis: Redis) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if not rule.websocket]
    assert ask_for_anything(unmasked, rules, redis, REQUESTS) >= min(REQUESTS, 100)


@pytest.mark.parametrize("known", [True, False], ids=["the operator", "a stranger"])
def test_whatever_is_asked_of_the_operators_pages_they_answer(pages: Flask, redis: Redis, known: bool) -> None:
    client = pages.test_client()
    if known:
        client.environ_base["HTTP_AUTHORIZATION"] = credentials()["Authorization"]
    rules = list(pages.url_map.iter_rules())
    assert ask_for_anything(client, rules, redis, REQUESTS // 8) >= min(REQUESTS // 8, 25)


@pytest.fixture
def pages(settings: Settings) -> Iterator[Flask]:
    """The operator's application."""
    app = create_operator_app(settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    app.extensions["lastyear"].close()
