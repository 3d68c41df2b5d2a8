"""The API's OpenAPI 3.1 document, generated from the models of its answers."""

from functools import cache
from typing import Any

from limits import parse_many
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.charts.release_years import PATTERN
from app.listening_years import FIRST_LISTENING_YEAR
from app.periods import FROM, MONTH, TO
from app.usernames import USERNAME
from app.web.api.answers.albums import Albums
from app.web.api.answers.common import Failed
from app.web.api.answers.insights import YearInsights
from app.web.api.answers.listener import Listener
from app.web.api.answers.over_years import Eras, Released
from app.web.api.answers.release_years import AlbumYears
from app.web.api.answers.year import Year
from app.web.api.questions import MAX_BYTES, MAX_ITEMS, Item
from app.web.rate_limits import LIMITS
from app.web.words.chart_options import ALBUMS, SONGS
from app.web.words.links import LASTFM_HOME, POWERED_BY

PREFIX = "/api/v1"
VERSION = "1.6"
UNKNOWN = "unknown"

Json = dict[str, Any]

ABOUT = (
    "What the pages show, as JSON. No key is needed. Requesting a year that is not stored yet starts a fetch: the"
    " answer is 202 until the year is complete, contains what is known so far, and Retry-After says when to ask"
    " again. Starting a fetch is limited per address; reading what is stored is not. Answers about"
    f" listeners say in `source` where the plays come from: {POWERED_BY} ({LASTFM_HOME}). Show that with them."
    " Release years come from MusicBrainz."
)

_MINUTE, _DAY = (limit.amount for limit in parse_many(LIMITS["names"]))
BUDGET = f"{_MINUTE:,} items a minute and {_DAY:,} a day"
"""What one address may have looked up."""

ABOUT_RELEASE_YEARS = (
    f"Up to {MAX_ITEMS} albums by their names, an MBID, or both. An item that cannot be read or matched is"
    " answered with a `reason` and does not affect the others. Nothing of it is stored. Scripts on pages of other"
    f" sites may use it. One address may look up {BUDGET}."
)

ERRORS = {
    400: "A parameter has an invalid value, or asks for days of a year of which only the months were kept",
    403: "The listener hides recent listening on Last.fm, and nothing is stored",
    404: "No such name, listener or year; or nothing is stored, and a HEAD or an embedded request starts nothing",
    410: "The listener was forgotten here for good",
    429: "Too many requests from one address",
    500: "The fetch failed, or something broke on our side",
    503: "Last.fm or a part of this site does not answer, or too many years wait, and nothing is stored",
}
ERRORS_OF_A_BODY = {
    400: "The body is no JSON list",
    413: f"More than {MAX_ITEMS} items, or more than {MAX_BYTES // 1024} KB",
    415: "The content is not JSON",
    429: "The budget of this address does not cover so many items",
    500: "Something broke on our side",
    503: "Names cannot be looked up at the moment",
}
RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait before asking again",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The listener's name on Last.fm; case does not matter",
    "schema": {"type": "string", "pattern": f"^{USERNAME}$"},
    "example": "RJ",
}
YEAR = {
    "name": "year",
    "in": "path",
    "required": True,
    "description": f"The listening year: {FIRST_LISTENING_YEAR} to this one, in UTC",
    "schema": {"type": "integer", "minimum": FIRST_LISTENING_YEAR, "maximum": 9999},
    "example": 2024,
}
OF: Json = {
    "name": "of",
    "in": "query",
    "description": "Whose release years count: those of albums, or of the songs themselves where they are known."
    " Compilations and live albums make the difference. The answer's `of` says which were counted",
    "schema": {"type": "string", "enum": [ALBUMS, SONGS], "default": ALBUMS},
}
PAGE: Json = {
    "name": "page",
    "in": "query",
    "description": "The page of the list, with 200 albums each",
    "schema": {"type": "integer", "minimum": 1, "maximum": 99999, "default": 1},
}
PERIOD: list[Json] = [
    {
        "name": MONTH,
        "in": "query",
        "description": f"Only this month of the year, in UTC. Not together with `{FROM}` and `{TO}`",
        "schema": {"type": "integer", "minimum": 1, "maximum": 12},
    },
    {
        "name": FROM,
        "in": "query",
        "description": "Only from this day of the year on, in UTC; without it, from the beginning of the year",
        "schema": {"type": "string", "format": "date"},
    },
    {
        "name": TO,
        "in": "query",
        "description": "Only up to this day of the year, which is included; without it, up to the end of the year",
        "schema": {"type": "string", "format": "date"},
    },
]
OF_ALBUMS: list[Json] = [
    {
        "name": "released",
        "in": "query",
        "required": True,
        "description": "A release year as `1977`, several as `1970-1979`, or `unknown` for plays without one",
        "schema": {"type": "string", "pattern": f"^({PATTERN}|{UNKNOWN})$"},
        "example": "1977",
    },
    PAGE,
]
RELEASED: Json = {
    "name": "released",
    "in": "path",
    "required": True,
    "description": "A release year as `1977`, or several as `1970-1979`",
    "schema": {"type": "string", "pattern": f"^{PATTERN}$"},
    "example": "1977",
}


@cache
def document() -> Json:
    """Generate the document."""
    answers = (Listener, Eras, Year, YearInsights, Albums, Released, AlbumYears, Failed)
    _, schemas = models_json_schema(
        [(Item, "validation"), *((model, "serialization") for model in answers)],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "LastYear.fm", "version": VERSION, "description": ABOUT},
        "externalDocs": {"description": f"Listening data {POWERED_BY}", "url": LASTFM_HOME},
        "servers": [{"url": PREFIX}],
        "paths": {
            "/users/{name}": _read("listener", Listener, "A listener's years", [NAME]),
            "/users/{name}/eras": _read(
                "eras", Eras, "How old a listener's music was, by listening year", [NAME, OF]
            ),
            "/users/{name}/released/{released}": _read(
                "released", Released, "Everything from a release year, over all years", [NAME, RELEASED, PAGE, OF]
            ),
            "/users/{name}/years/{year}": _read("year", Year, "A year by release year", [NAME, YEAR, OF, *PERIOD]),
            "/users/{name}/years/{year}/insights": _read(
                "insights", YearInsights, "What a year says about its listener", [NAME, YEAR, OF]
            ),
            "/users/{name}/years/{year}/albums": _read(
                "albums", Albums, "The albums behind a release year", [NAME, YEAR, *OF_ALBUMS, OF, *PERIOD]
            ),
            "/release-years": _ask("release_years", "The release years of any albums, by name or MBID"),
            "/openapi.json": {"get": _document_itself()},
        },
        "components": {"schemas": schemas["$defs"]},
    }


def _read(name: str, model: type[BaseModel], summary: str, parameters: list[Json]) -> Json:
    responses = {
        "200": _response("Complete", model),
        "202": _response(
            "Incomplete: a fetch is under way, or will go on when Last.fm answers", model, RETRY_AFTER
        ),
    }
    has_query = any(parameter["in"] == "query" for parameter in parameters)
    for status in (status for status in ERRORS if has_query or status != 400):
        responses[str(status)] = _response(ERRORS[status], Failed, RETRY_AFTER if status in (429, 503) else None)
    return {"get": {"operationId": name, "summary": summary, "parameters": parameters, "responses": responses}}


def _ask(name: str, summary: str) -> Json:
    items = {"type": "array", "maxItems": MAX_ITEMS, "items": {"$ref": f"#/components/schemas/{Item.__name__}"}}
    responses = {"200": _response("An answer for each item, in the same order", AlbumYears)}
    for status, meaning in ERRORS_OF_A_BODY.items():
        responses[str(status)] = _response(meaning, Failed, RETRY_AFTER if status in (429, 503) else None)
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "description": ABOUT_RELEASE_YEARS,
            "requestBody": {"required": True, "content": {"application/json": {"schema": items}}},
            "responses": responses,
        }
    }


def _response(description: str, model: type[BaseModel], headers: Json | None = None) -> Json:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    response: Json = {"description": description, "content": {"application/json": {"schema": schema}}}
    return response | ({"headers": headers} if headers else {})


def _document_itself() -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    responses = {"200": {"description": "OpenAPI 3.1", "content": content}}
    return {"operationId": "document", "summary": "The OpenAPI document", "responses": responses}
