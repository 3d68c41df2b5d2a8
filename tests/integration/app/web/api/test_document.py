"""The API's document: it lists every address, and every answer is as it says, whatever is requested."""

from collections import Counter
from html import unescape
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from redis import Redis
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection

from app.events import Failure
from app.redis.event_stream import Snapshot as Said
from app.redis.event_stream import Topic, save_snapshot
from app.web.api.document import PREFIX, document
from app.web.errors import CODES, Code
from app.web.words import wording
from tests.integration.app.web.conftest import Fetched, RunJobs, event

FEW = settings(max_examples=12, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
NAMES = ["LightLuca", "lightLUCA", "HeavyHelen", "NobodyNoel", "HiddenHana", "EmptyEve"]
SAID: dict[str, dict[str, Any]] = {
    "HeavyHelen": {
        "done": 1,
        "scrobbles": 9,
        "years": {1977: 9},
        "song_years": {1971: 9},
        "matched": 9,
    },
    "NobodyNoel": {"phase": "failed", "error": Failure.NO_SUCH_USER},
    "HiddenHana": {"phase": "failed", "error": Failure.LISTENING_HIDDEN},
    "EmptyEve": {"phase": "completed", "expected": 0},
}
OPERATIONS = list(document()["paths"])


@pytest.fixture
def operation(app: Flask, request: pytest.FixtureRequest) -> APIOperation[Any, Any, Any, Any]:
    """One thing that can be asked for, as a program reads it out of the document."""
    schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", app)
    [method] = document()["paths"][request.param]
    return schema[request.param][method.upper()]


@pytest.fixture
def listeners(client: FlaskClient, fetched: Fetched, run_jobs: RunJobs, redis: Redis) -> None:
    """Listeners in every state; LightLuca's 2024 is stored."""
    client.get("/user/LightLuca")
    run_jobs()
    fetched("LightLuca", 2024)
    for name, fields in SAID.items():
        for year in (None, 2024):
            said = event(**fields if year else {**fields, "years": {}})
            save_snapshot(redis, Topic(name, year), Said(at=4e9, username=name, event=said))


@pytest.mark.parametrize("operation", OPERATIONS, indirect=True)
@pytest.mark.usefixtures("listeners")
def test_every_answer_is_as_the_document_says(operation: APIOperation[Any, Any, Any, Any]) -> None:
    seen: Counter[int] = Counter()

    @FEW
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case: Case[Any]) -> None:
        case.headers["Accept-Encoding"] = "identity"  # its client for WSGI does not unpack
        # Other names would only start fetches, up to the limit.
        for name in NAMES if "name" in case.path_parameters else [""]:
            case.path_parameters |= {"name": name} if name else {}
            if case.path_parameters.get("year", 0) % 2:
                case.path_parameters["year"] = 2024
            # No schema says that days lie in the year, and that a month goes without them.
            query = {name: value for name, value in (case.query or {}).items() if name not in ("from", "to")}
            if "month" not in query:
                day = f"{case.path_parameters.get('year')}-06-01"
                query |= {name: day for name in ("from", "to") if name in (case.query or {})}
            case.query = query
            seen[case.call_and_validate().status_code] += 1

    ask()
    wanted = {200, 202, 403, 404} if operation.path_parameters else {200}
    assert wanted <= set(seen), seen


@pytest.mark.parametrize("operation", [path for path in OPERATIONS if path != "/openapi.json"], indirect=True)
def test_who_does_not_keep_to_the_document_is_told_so(operation: APIOperation[Any, Any, Any, Any]) -> None:
    @FEW
    @given(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: Case[Any]) -> None:
        case.headers["Accept-Encoding"] = "identity"
        # A bad item is answered in its place.
        excluded: list[Any] = [negative_data_rejection] if case.method == "POST" else []
        answer = case.call_and_validate(excluded_checks=excluded)
        assert answer.status_code in (200, 202, 400, 404, 405, 413, 415, 429)

    ask()


def test_the_document_lists_what_there_is_and_nothing_else(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(f"{PREFIX}/")]
    there = {
        rule.rule.replace("<", "{").replace(">", "}"): rule.methods - {"HEAD", "OPTIONS"}
        for rule in rules
        if rule.methods
    }
    described = {
        PREFIX + path: {name.upper() for name in methods} for path, methods in document()["paths"].items()
    }
    assert there == described


def test_every_failure_and_every_status_has_its_code() -> None:
    assert set(wording.FAILURES) == set(Failure)
    said = {Code(failure.code) for failure in Failure} | set(CODES.values())
    assert set(Code) - said == {
        Code.BAD_REQUEST,
        Code.NO_SUCH_NAME,
        Code.NO_SUCH_YEAR,
        Code.NOT_COUNTED,
    }


def test_people_find_every_address_on_the_page_about_the_api(client: FlaskClient) -> None:
    page = client.get("/api").text
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert f"<code>{'' if method == 'get' else f'{method.upper()} '}{path}</code>" in page
            assert operation["summary"] in unescape(page)
            for parameter in operation.get("parameters", []):
                assert parameter["in"] == "path" or f"{parameter['name']}=" in page
            for status, response in operation["responses"].items():
                said = f'<th scope="row">{status}<td>{response["description"]}'
                assert int(status) < 400 or said in unescape(page)
    assert 'href="/api"' in client.get("/about").text
