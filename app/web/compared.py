"""Compared: with whom a listener is to be compared, read from the address."""

import re
from collections.abc import Sequence

from flask import request, url_for

from app.usernames import USERNAME
from app.web.errors import Code, Problem, Way
from app.web.routing import typed
from app.web.words.chart_options import requested_options

MAX_OTHERS = 5
SHOWN = 40  # letters of what is no name


def compared_with(username: str) -> tuple[str, ...]:
    """Return whom this listener is to be compared with: `with` is a name, or several with commas between.

    A form that adds somebody sends it more than once. Raises Problem, which names what is wrong with the list.
    """
    names: list[str] = []
    problem: Problem | None = None
    for item in _items():
        name, _ = typed(item)
        fault = _fault(name, username, names)
        if fault is None:
            names.append(name)
        else:
            problem = problem or fault
    if problem is None and len(names) > MAX_OTHERS:
        advice = f"This list names {len(names) + 1:,}: take some of them away."
        problem = Problem(400, f"At most {MAX_OTHERS + 1} listeners fit on one page", advice)
    if problem is not None:
        problem.way = _way(names[:MAX_OTHERS])
        raise problem
    return tuple(names)


def is_in_parts() -> bool:
    """Whether the address has the list in several parts, as a form sends it."""
    return len(request.args.getlist("with")) > 1


def _items() -> list[str]:
    return [item for text in request.args.getlist("with") if text.strip() for item in text.split(",")]


def _fault(name: str, username: str, names: Sequence[str]) -> Problem | None:
    """Find what is wrong with a name, in a list that begins with these."""
    if not name:
        return Problem(
            400, "A name is missing in this list", "There is a comma too many: put one between two names."
        )
    if not re.fullmatch(USERNAME, name):
        told = f"{name[:SHOWN]}…" if len(name) > SHOWN else name
        advice = "Check the spelling: Last.fm names have letters, digits, dots, dashes and underscores."
        return Problem(404, f"“{told}” cannot be a Last.fm name", advice, code=Code.NO_SUCH_NAME)
    if name.casefold() == username.casefold():
        return Problem(400, f"{username} is on this page already", "Name somebody else to compare with.")
    if name.casefold() in map(str.casefold, names):
        advice = "Name each listener once: upper and lower case make no difference."
        return Problem(400, f"{name} is named twice", advice)
    return None


def _way(names: Sequence[str]) -> Way:
    """Return where those who are named well can be seen."""
    given = request.view_args or {}
    address = url_for("year.show", name=given["name"], year=given["year"])
    others = f"{len(names)} others" if len(names) > 1 else "".join(names)
    who = f"{given['name']} and {others}" if names else f"{given['name']}’s {given['year']}"
    return Way(f"{address}{requested_options(*names).query}", f"Show {who}")
