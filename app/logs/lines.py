"""Logs: one structured line per event on standard error, with secrets replaced and listeners unnamed."""

import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from types import TracebackType
from typing import Any, TextIO

import structlog

from app.logs.names import OTHERS, NameHider

Line = MutableMapping[str, Any]
Change = Callable[[str], str]
HIDDEN = "***"
FIRST = ["at", "level", "event"]
FIXED = ("at", "level")

# Below warnings they log URLs, and a URL may contain a key.
QUIET = ("urllib3",)


def configure(
    secrets: tuple[str, ...] = (),
    *,
    level: str = "info",
    as_json: bool = False,
    pretty: bool = False,
    names: NameHider | None = None,
) -> None:
    """Write the log lines of this program and of every library alike: `key=value`, JSON, or in colour (`pretty`).

    What was bound with `structlog.contextvars` (a request's id, a run's) is on every line. The values in `secrets`
    never appear, whoever logs them, and with `names` no listener's name does.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    hide_secrets = partial(_without, sorted(secrets, key=len, reverse=True))
    processors: list[Any] = [partial(_hidden, hide_secrets, names), *_renderers(as_json=as_json, pretty=pretty)]
    handler = _ToStandardError()
    handler.setFormatter(_LastLook(hide_secrets, foreign_pre_chain=shared, processors=processors))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_uncaught_errors() -> None:
    """Log what ends this process or one of its threads, instead of having Python print it as it is."""
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt | SystemExit):
        logging.getLogger("lastyear").critical("Unexpected error", exc_info=(kind, error or kind(), trace))


def _renderers(*, as_json: bool, pretty: bool) -> list[Any]:
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if as_json:
        dumps = partial(json.dumps, ensure_ascii=False)
        return [meta, _in_order, structlog.processors.JSONRenderer(dumps, default=str)]
    if pretty:
        return [meta, structlog.dev.ConsoleRenderer()]
    return [meta, structlog.processors.LogfmtRenderer(key_order=FIRST, drop_missing=True)]


def _in_order(_logger: Any, _method: str, line: Line) -> Line:
    return {**{key: line[key] for key in FIRST if key in line}, **line}


def _hidden(hide_secrets: Change, names: NameHider | None, _logger: Any, _method: str, line: Line) -> Line:
    """Hide in every value what no log may contain, before it is quoted."""
    spoken_of = names.spoken_of(line) if names else ()
    is_ours = line.get("_from_structlog", False)
    line.pop(OTHERS, None)

    def clean(key: str, text: str) -> str:
        text = hide_secrets(text)
        if names is None:
            return text
        # What we say of an event is the same for everybody: there even "error" is no name.
        return names.hide(text, () if is_ours and key == "event" else spoken_of)

    for key, value in list(line.items()):
        if key not in FIXED and not key.startswith("_"):
            line[key] = _each_text(value, partial(clean, key))
    return line


def _each_text(value: Any, change: Change) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {change(str(key)): _each_text(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_each_text(one, change) for one in value]
    return change(str(value))


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Replace each secret in a text, the longest first, since one may contain another."""
    return _without(sorted(secrets, key=len, reverse=True), text)


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Writes to what is standard error at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        pass


class _LastLook(structlog.stdlib.ProcessorFormatter):
    """The last step of every line, so that no other place needs to know the secrets."""

    def __init__(self, hide_secrets: Change, **options: Any) -> None:
        super().__init__(**options)
        self._hide_secrets = hide_secrets

    def format(self, record: logging.LogRecord) -> str:
        """Format the line and replace each secret in it."""
        return self._hide_secrets(super().format(record))
