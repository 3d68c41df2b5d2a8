"""What a program asks for release years, read item by item: one that cannot be read does not spoil the others."""

import json
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.web.errors import Problem
from mirror.web_queries import MAX_NAME_LENGTH, Question, Reason

MAX_ITEMS = 200
MAX_BYTES = 256 * 1024

Name = Annotated[str | None, Field(max_length=MAX_NAME_LENGTH)]
# Last.fm sends empty texts where it knows none.
Mbid = Annotated[UUID | None, BeforeValidator(lambda value: value or None)]


class Item(BaseModel):
    """An album, a song, or a song on an album, as a player or a shop names it. Other fields are ignored."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    artist: Name = Field(None, description="Needed, unless there is an `mbid`", examples=["Radiohead"])
    album: Name = Field(
        None, description="Needed, unless there is an `mbid` or a `track`", examples=["OK Computer"]
    )
    mbid: Mbid = Field(None, description="Of the release or the release group; may be outdated, wrong or empty")
    track: Name = Field(None, description="The title of a song, to be told its own year too where that may differ")


def read_questions(body: bytes) -> list[Question | Reason]:
    """Return for each item of the body what it asks, or why it cannot be read.

    Raises Problem if the body is no list of at most `MAX_ITEMS`.
    """
    try:
        items = json.loads(body)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise Problem(
            400, "That is no JSON list", 'Send a list such as [{"artist": "Radiohead", "album": "Kid A"}].'
        )
    if len(items) > MAX_ITEMS:
        raise too_large()
    return [_read(item) for item in items]


def too_large() -> Problem:
    """Return the problem of a body with too many items or bytes."""
    advice = f"Send at most {MAX_ITEMS} items and {MAX_BYTES // 1024} KB at once."
    return Problem(413, "That is too much for one call", advice)


def _read(item: object) -> Question | Reason:
    try:
        read = Item.model_validate(item)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        if any(fault["type"] == "string_too_long" for fault in faults):
            return Reason.NAME_TOO_LONG
        if all(fault["loc"] == ("mbid",) for fault in faults):
            return Reason.MALFORMED_MBID
        return Reason.UNREADABLE
    return Question(read.artist or "", read.album or "", read.mbid, read.track or "")
