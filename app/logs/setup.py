"""Log set-up: the log as the settings want it, the same for pages, workers and mirror jobs."""

import sys

from app.logs.lines import configure
from app.logs.names import NameHider
from app.settings import Settings


def configure_logs(settings: Settings, *, level: str = "") -> None:
    """Log as the settings say, in colour on a terminal; `level` takes the place of LOG_LEVEL."""
    as_json = settings.log_format == "json"
    configure(
        settings.secrets(),
        level=level or settings.log_level,
        as_json=as_json,
        pretty=not as_json and sys.stderr.isatty(),
        names=name_hider(settings),
    )


def name_hider(settings: Settings) -> NameHider | None:
    """Return what hides the names of listeners in logs; None where LOG_NAMES allows them."""
    return None if settings.log_names else NameHider(settings.log_names_key)
