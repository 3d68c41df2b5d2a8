"""Logs: one structured line per event on standard error, with secrets replaced."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

Line = MutableMapping[str, Any]
HIDDEN = "***"


def configure(secrets: tuple[str, ...], *, pretty: bool = False) -> None:
    """Write this program's and every library's log lines alike: as `key=value`, or in colour when `pretty`.

    What was bound with `structlog.contextvars` (a run's id) is on every line. The values in `secrets` never
    appear, whoever logs them.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if pretty
        else structlog.processors.LogfmtRenderer(key_order=["at", "level", "event"], drop_missing=True)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _HidingSecrets(
            secrets,
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # Below warnings it logs URLs, and a URL may contain a key.
    logging.getLogger("urllib3").setLevel(logging.WARNING)


class _HidingSecrets(structlog.stdlib.ProcessorFormatter):
    """The last step of every line, so that no other place needs to know the secrets."""

    def __init__(self, secrets: tuple[str, ...], **options: Any) -> None:
        super().__init__(**options)
        self._secrets = sorted(secrets, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Format the line and replace each secret in it."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text
