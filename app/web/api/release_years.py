"""Release years for whoever asks, from any site: what matching knows, without a listener and without a trace."""

import gzip
from collections.abc import Sequence

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.web.api.answers.release_years import AlbumYear, AlbumYears
from app.web.api.document import PREFIX
from app.web.api.questions import MAX_BYTES, read_questions, too_large
from app.web.context import context
from app.web.errors import Problem
from mirror.web_queries import MatchingBusy, MirrorError, Question, Reason

blueprint = Blueprint("release_years", __name__)
log = structlog.get_logger()

ADDRESSES = ("/api/release-years", f"{PREFIX}/release-years")
OPEN = {*ADDRESSES, f"{PREFIX}/openapi.json"}
"""What scripts on pages of other sites may use."""

BUSY_SECONDS = 10
"""After which a program may ask again where only others were ahead."""

MAX_DROPPED = 4 << 20
"""Bytes of a refused body that are still read: a proxy that cannot send it all would call this site down."""

WORTH_COMPRESSING = 1000  # bytes


@blueprint.post(ADDRESSES[0])
@blueprint.post(ADDRESSES[1])
def release_years() -> Response:
    """Return the release year of each album that is asked for, in the order of the questions."""
    questions = read_questions(_body())
    context().rate_limits.spend("names", max(1, len(questions)))
    answer = AlbumYears(answers=_answers(questions))
    return _compressed(answer.model_dump_json().encode())


@blueprint.after_app_request
def open_to_other_origins(response: Response) -> Response:
    """Let scripts of other sites use these addresses. There are no cookies that could tell them who asks."""
    if request.path in OPEN:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
            response.headers["Access-Control-Allow-Headers"] = "Content-Type"
            response.headers["Access-Control-Max-Age"] = "86400"
    return response


def _body() -> bytes:
    if request.mimetype != "application/json" or request.content_encoding:
        _drop_body()
        raise Problem(415, "That is not JSON", "Send it uncompressed, with Content-Type: application/json.")
    request.max_content_length = MAX_BYTES + 1  # a body without a length is cut off there
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        _drop_body()
        raise too_large() from None
    if len(body) > MAX_BYTES:
        raise too_large()
    return body


def _drop_body() -> None:
    unread, left = request.environ["wsgi.input"], MAX_DROPPED
    while left > 0 and (part := unread.read(65_536)):
        left -= len(part)


def _answers(questions: Sequence[Question | Reason]) -> list[AlbumYear]:
    asked = [question for question in questions if isinstance(question, Question)]
    try:
        found = iter(context().matching.ask(asked) if asked else [])
    except MirrorError as error:
        log.warning("Names could not be matched for a program", reason=type(error).__name__)
        again = BUSY_SECONDS if isinstance(error, MatchingBusy) else 0
        raise Problem(503, "Names cannot be looked up at the moment", "Ask again later.", again=again) from None
    return [
        AlbumYear.without(question) if isinstance(question, Reason) else AlbumYear.of(next(found))
        for question in questions
    ]


def _compressed(body: bytes) -> Response:
    response = Response(body, content_type="application/json")
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = "no-store"
    if len(body) > WORTH_COMPRESSING and request.accept_encodings.quality("gzip"):
        response.data = gzip.compress(body, compresslevel=5)
        response.content_encoding = "gzip"
    return response
