"""The mirror as one job sees it: it answers, or it cannot be asked for now."""

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

import structlog

from app.redis.mirror_note import NOT_IMPORTED, MirrorNote
from mirror.database import Connection, connect, was_interrupted
from mirror.derived.name_index import usable_state
from mirror.errors import MirrorAway, MirrorEmpty, MirrorError, MirrorForbidden

log = structlog.get_logger()

T = TypeVar("T")
P = ParamSpec("P")


def mirror_answers(url: str) -> bool:
    """Whether the mirror can be asked at the moment."""
    try:
        with connect(url) as connection:
            usable_state(connection)
    except MirrorError:
        return False
    return True


class MirrorClient:
    """Connects at the first question. Once the mirror cannot be asked, every answer is None until `try_again`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stack = ExitStack()
        self._connection: Connection | None = None
        self._error: MirrorError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def ask(
        self, question: Callable[Concatenate[Connection, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T | None:
        """Call `question` with a connection and these arguments; None when the mirror is away or empty."""
        # An absent mirror is not asked once a stretch: what stays open is asked for at the end, or by a later job.
        if self._error:
            return None
        try:
            try:
                was_connected = self._connection is not None
                return question(self._connect(), *arguments, **named)
            except MirrorAway as error:
                if not was_interrupted(error, was_connected=was_connected):
                    raise
            # It answered before. Another server that MIRROR_URL names may do so now, or the same one once more.
            self._connection = None
            return question(self._connect(), *arguments, **named)
        except (MirrorAway, MirrorEmpty, MirrorForbidden) as error:
            log.warning("The mirror cannot be asked; release years will follow", reason=type(error).__name__)
            self._error = error
            return None

    def _connect(self) -> Connection:
        if self._connection is None:
            connection = self._stack.enter_context(connect(self._url))
            usable_state(connection)
            self._connection = connection
        return self._connection

    @property
    def is_away(self) -> bool:
        """Whether it could not be asked. An empty one is not away: the end of its import has all looked up."""
        return self._error is not None and not isinstance(self._error, MirrorEmpty)

    def try_again(self) -> None:
        """Ask again even if the mirror was away before: an import may have ended meanwhile."""
        if self._error:
            self._error = self._connection = None

    def note(self) -> MirrorNote | None:
        """Say what the mirror holds, for pages to show; None when it cannot be asked."""
        state = self.ask(usable_state)
        if state is None:
            return NOT_IMPORTED if isinstance(self._error, MirrorEmpty) else None
        return MirrorNote(release_groups=state.release_groups)
