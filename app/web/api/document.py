"""The API's document: OpenAPI 3.1, made of the models that its answers are made of."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.fetches import FIRST_YEAR
from app.web.api.answers import Albums, Failed, Listener, Year
from app.web.choice import ALBUMS, SONGS

PREFIX = "/api/v1"
VERSION = "1.1"
RELEASED = "[0-9]{4}(?:-[0-9]{4})?"
UNKNOWN = "unknown"

Json = dict[str, Any]

ABOUT = (
    "What the pages show, as JSON. No key is needed. A look at a year that is not here yet has it fetched: the"
    " answer is 202 until all of it is in, each says as much as is known by then, and Retry-After tells when to"
    " look again. Starting a fetch is limited per address; looking at what is stored is not. Listening data is"
    " powered by AudioScrobbler (https://www.last.fm/), release years come from MusicBrainz."
)

ERRORS = {
    400: "A parameter has a value that it cannot have",
    403: "The listener hides recent listening at Last.fm, and nothing is stored",
    404: "No such name, listener or year",
    429: "Too many requests from one address",
    500: "It could not be fetched, or something broke on our side",
    503: "Last.fm or a part of this site does not answer, and nothing is stored",
}
RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds after which to ask again",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "The listener's name at Last.fm, in any case",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"},
    "example": "RJ",
}
YEAR = {
    "name": "year",
    "in": "path",
    "required": True,
    "description": f"The listening year: {FIRST_YEAR} to this one, in UTC",
    "schema": {"type": "integer", "minimum": FIRST_YEAR, "maximum": 9999},
    "example": 2024,
}
OF: Json = {
    "name": "of",
    "in": "query",
    "description": "Whose release years count: those of albums, or of the songs themselves, where these are known."
    " Compilations and live albums make the difference. The answer's `of` says which it is",
    "schema": {"type": "string", "enum": [ALBUMS, SONGS], "default": ALBUMS},
}
OF_ALBUMS: list[Json] = [
    {
        "name": "released",
        "in": "query",
        "required": True,
        "description": "A release year as `1977`, several as `1970-1979`, or `unknown`: what could not be placed",
        "schema": {"type": "string", "pattern": f"^({RELEASED}|{UNKNOWN})$"},
        "example": "1977",
    },
    {
        "name": "page",
        "in": "query",
        "description": "200 albums are on each",
        "schema": {"type": "integer", "minimum": 1, "maximum": 99999, "default": 1},
    },
]


@cache
def document() -> Json:
    """The whole document."""
    _, schemas = models_json_schema(
        [(model, "serialization") for model in (Listener, Year, Albums, Failed)],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "LastYear.fm", "version": VERSION, "description": ABOUT},
        "servers": [{"url": PREFIX}],
        "paths": {
            "/users/{name}": _read("listener", Listener, "A listener's years", [NAME]),
            "/users/{name}/years/{year}": _read("year", Year, "A year by release year", [NAME, YEAR, OF]),
            "/users/{name}/years/{year}/albums": _read(
                "albums", Albums, "The albums behind a release year", [NAME, YEAR, *OF_ALBUMS, OF]
            ),
            "/openapi.json": {"get": _document_itself()},
        },
        "components": {"schemas": schemas["$defs"]},
    }


def _read(name: str, model: type[BaseModel], summary: str, parameters: list[Json]) -> Json:
    answers = {
        "200": _answered("As it stands", model),
        "202": _answered("As far as it is; more is on its way", model, RETRY_AFTER),
    }
    can_be_bad = any(parameter["in"] == "query" for parameter in parameters)
    for status in (status for status in ERRORS if can_be_bad or status != 400):
        answers[str(status)] = _answered(ERRORS[status], Failed, RETRY_AFTER if status in (429, 503) else None)
    return {"get": {"operationId": name, "summary": summary, "parameters": parameters, "responses": answers}}


def _answered(description: str, model: type[BaseModel], headers: Json | None = None) -> Json:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    answer: Json = {"description": description, "content": {"application/json": {"schema": schema}}}
    return answer | ({"headers": headers} if headers else {})


def _document_itself() -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    answers = {"200": {"description": "OpenAPI 3.1", "content": content}}
    return {"operationId": "document", "summary": "The OpenAPI document", "responses": answers}
