"""Names in logs: in the place of a listener's name stands a token, the same in every line and in every process.

It is keyed, so that nobody who has the logs can find a name by trying all that there are.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from app.usernames import USERNAME

PREFIX = "user-"
DIGITS = 12

LISTENER, OTHERS = "listener", "_others"
"""What a line, or its context, calls the listener it is about, and others whose names may come up."""

_USER = r"(?:u|%[57]5)(?:s|%[57]3)(?:e|%[46]5)(?:r|%[57]2)(?:s|%[57]3)?"
_EMBED = r"(?:e|%[46]5)(?:m|%[46]d)(?:b|%[46]2)(?:e|%[46]5)(?:d|%[46]4)"
_PLACES = (
    # The path of a page, of the API or of an embedded chart, encoded or not.
    rf"(?P<address>(?i:(?:/|%2F)(?:{_USER}|{_EMBED})(?:/|%2F)+))(?P<in_address>(?:%(?!2[Ff])|[^\s/?#%\"'<>])+)",
    r"(?P<query>[?&](?:user|username|name|with|was)=)(?P<in_query>[^\s&#\"'<>]+)",
    r"\b(?P<job>(?:listener|introduction|remove)-)(?P<in_job>[0-9a-f]{2,})\b",
    r"(?P<call>worker\.jobs\.\w+\(['\"])(?P<in_call>[^'\"]*)",
    # What PostgreSQL adds to an error quotes rows.
    r"(?m:^(?P<detail>\s*(?:DETAIL|CONTEXT):).*$)",
)
_ANYWHERE = "|".join(_PLACES)


class NameHider:
    """Puts tokens in the place of names: of those that a line is about, and of all where names are known to be."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, name: str) -> str:
        """Return what stands for this listener in logs. Names differ by more than their case."""
        return PREFIX + hmac.new(self._key, name.casefold().encode(), sha256).hexdigest()[:DIGITS]

    def spoken_of(self, line: Mapping[str, Any]) -> list[str]:
        """Return the names that this line is known to be about."""
        return [str(name) for name in (line.get(LISTENER), *line.get(OTHERS, ())) if name]

    def hide(self, text: str, names: Iterable[str] = ()) -> str:
        """Replace these names, in whatever case, and those in addresses, ids and calls."""
        alone = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        pattern = rf"{_ANYWHERE}|(?<![A-Za-z0-9])(?P<alone>(?i:{alone}))(?![A-Za-z0-9])" if alone else _ANYWHERE
        # In one pass, so that nothing is looked for in a token.
        return re.sub(pattern, self._replace, text)

    def _replace(self, found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        if kind == "detail":
            return f"{found['detail']} (not logged)"
        name = found[kind]
        if kind == "in_job":
            name = _decoded(name)
        elif kind != "alone":
            name = unquote(name)
        before = found[0][: found.start(kind) - found.start()]
        return before + self.token(name)


def _decoded(digits: str) -> str:
    """Return the name that an id of a job contains; the digits themselves if they are none."""
    try:
        name = bytes.fromhex(digits).decode()
    except ValueError:
        return digits
    return name if re.fullmatch(USERNAME, name) else digits
