"""Routing: read the listener and the year from an address, typed or requested; mark pages about a listener."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

from flask import Response, current_app, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app.charts.release_years import ReleaseYears
from app.listening_years import FIRST_LISTENING_YEAR
from app.usernames import USERNAME
from app.web.errors import Code, Problem
from mirror.web_queries import EARLIEST_RELEASE_YEAR

_YEAR = r"(?:/([0-9]{4})(?![^/?#\s]))?"
_PROFILE = re.compile(
    rf"(?:^|(?:last\.fm|lastfm\.[a-z.]{{2,6}})(?:/[a-z]{{2}})?)/user/([^/?#\s]+){_YEAR}", re.IGNORECASE
)
_NAME = re.compile(rf"@?([^/\s]*){_YEAR}/?")


def listener_name(name: str) -> str:
    """Return the name if Last.fm can have such a listener. Raises Problem."""
    if not re.fullmatch(USERNAME, name):
        raise Problem(
            404,
            "That cannot be a Last.fm name",
            "Check the spelling: Last.fm names have letters, digits, dots, dashes and underscores.",
            code=Code.NO_SUCH_NAME,
        )
    return name


def listening_year_of(text: str) -> int:
    """Return the year if Last.fm can have scrobbles in it. Raises Problem."""
    this_year = datetime.now(UTC).year
    if text.isascii() and text.isdigit() and FIRST_LISTENING_YEAR <= int(text[:6]) <= this_year and len(text) == 4:
        return int(text)
    advice = f"Pick one from {FIRST_LISTENING_YEAR}, the first year of Last.fm, to {this_year}."
    raise Problem(404, "There is no such year", advice, code=Code.NO_SUCH_YEAR)


def release_years_of(text: str) -> ReleaseYears:
    """Return the release years if charts can have them. Raises Problem."""
    next_year = datetime.now(UTC).year + 1
    released = ReleaseYears.parse(text)
    if (
        released
        and EARLIEST_RELEASE_YEAR <= released.first <= min(released.last, next_year)
        and (released.last <= next_year or released.is_decade)
    ):
        return released
    raise Problem(404, "There is no such bar", f"Charts go from {EARLIEST_RELEASE_YEAR} to {next_year}.")


def page_number() -> int:
    """Return which page of a list is asked for. Raises Problem."""
    text = request.args.get("page", "1")
    if text.isascii() and text.isdigit() and len(text) < 6 and int(text):
        return int(text)
    raise no_such_page()


def no_such_page() -> Problem:
    """Say that the list is not as long as that."""
    return Problem(404, "There is no such page", "The list is not as long as that.")


def typed(text: str) -> tuple[str, str | None]:
    """Find the name, and the year where one follows, in what a visitor typed or pasted.

    That is a name, @name, name/2024, the address of a profile at Last.fm, or the path of a page of ours.
    """
    found = _PROFILE.search(text.strip()) or _NAME.fullmatch(text.strip())
    return (found[1], found[2]) if found else (text.strip(), None)


def without_trailing_slash() -> BaseResponse | None:
    """Redirect an address that is one of ours but for the slash at its end."""
    if request.url_rule:
        return None
    path = "/" + request.path.strip("/")
    urls = current_app.create_url_adapter(request)
    if path == request.path or urls is None or not urls.test(path, "GET"):
        return None
    path = quote(path, safe="/@:+,;=")  # a line break would end the header
    query = request.query_string.decode("latin-1")
    return redirect(f"{path}?{query}" if query else path, 308)


def private(page: Response) -> Response:
    """Keep the page out of search engines, and out of every cache but the visitor's own."""
    page.headers["X-Robots-Tag"] = "noindex, nofollow"
    page.headers["Cache-Control"] = "private, no-cache"
    return page
