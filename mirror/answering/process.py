"""A process that matches names for the web, which has to serve open pages meanwhile.

In a thread of the web, matching would hold up every page for as long as it computes. The process is started by the
first questions, answers one list of them at a time, and ends when idle for a while or the web is gone.
Questions and answers are lines of JSON on a socket that only these two have, and are kept nowhere.
"""

import io
import json
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from types import TracebackType
from typing import Any, TypeAlias
from uuid import UUID

from pydantic import TypeAdapter

from mirror.answering.answers import Answer, Question, answer
from mirror.database import read
from mirror.errors import MatchingBusy, MirrorAway, MirrorError

TURN_SECONDS = 10  # that a list waits for those before it
ANSWER_SECONDS = 20  # that its answer may take: 200 names that are hard to match take a few
QUERY_SECONDS = 5
IDLE_SECONDS = 300  # after which the process ends: it takes as much memory as a worker

COMMAND = (sys.executable, "-m", "mirror.answering.process")

Lines: TypeAlias = "io.BufferedRWPair[Any, Any]"

_ANSWERS = TypeAdapter(list[Answer])


class MatchingProcess:
    """The process as its parent sees it. May be used by several threads, whose questions wait for their turn."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: Lines | None = None

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer the questions in their order.

        Raises MatchingBusy if others are ahead for too long, MirrorAway if there is no answer.
        """
        line = json.dumps([asdict(question) for question in questions], default=str).encode() + b"\n"
        if not self._turn.acquire(timeout=TURN_SECONDS):
            raise MatchingBusy
        try:
            reply = self._exchange(line)
        finally:
            self._turn.release()
        if not reply.startswith(b"["):
            raise MirrorAway(json.loads(reply))
        return _ANSWERS.validate_json(reply)

    def close(self) -> None:
        """End the process, if there is one. Whoever is waiting for its answer gets MirrorAway."""
        process, self._process = self._process, None
        lines, self._lines = self._lines, None
        if process is not None:
            process.kill()
            process.wait()
        if lines is not None:
            # A greenlet that still reads them makes closing a RuntimeError.
            with suppress(OSError, RuntimeError):
                lines.close()

    def _exchange(self, line: bytes) -> bytes:
        is_new = self._lines is None
        try:
            return self._send(line)
        except OSError as error:
            was_closed = self._lines is None
            self.close()
            if is_new or was_closed or isinstance(error, TimeoutError):
                raise MirrorAway(f"matching failed: {type(error).__name__}") from None
            # It had ended because nothing was asked for a while.
            return self._exchange(line)
        except BaseException:
            self.close()  # its answer would be taken for that of the next questions
            raise

    def _send(self, line: bytes) -> bytes:
        lines = self._lines = self._lines or self._start()
        lines.write(line)
        lines.flush()
        reply = lines.readline()
        if not reply.endswith(b"\n"):
            raise ConnectionError
        return reply

    def _start(self) -> Lines:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(ANSWER_SECONDS)
            # In a session of its own, so that Ctrl-C in a terminal is for the parent only.
            self._process = subprocess.Popen(COMMAND, stdin=theirs.fileno(), start_new_session=True)  # noqa: S603 - ours
            lines = ours.makefile("rwb")
        lines.write(json.dumps(self._url).encode() + b"\n")
        return lines


def main() -> None:
    """Answer the lines on the socket that is the standard input, the first of which is the mirror's URL."""
    sys.excepthook = _report_without_message
    with socket.socket(fileno=sys.stdin.fileno()) as channel, suppress(TimeoutError, ConnectionError):
        channel.settimeout(IDLE_SECONDS)
        lines = channel.makefile("rwb")
        url = json.loads(lines.readline() or "null")
        for line in lines:
            lines.write(_reply(url, json.loads(line)) + b"\n")
            lines.flush()


def _reply(url: str, asked: Iterable[dict[str, Any]]) -> bytes:
    questions = [Question(**{**fields, "mbid": fields["mbid"] and UUID(fields["mbid"])}) for fields in asked]
    try:
        question = partial(answer, questions=questions)
        found = read(url, question, application_name="lastyear-matching", seconds=QUERY_SECONDS)
        return _ANSWERS.dump_json(found)
    except MirrorError as error:
        return json.dumps(str(error)).encode()


def _report_without_message(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
    """Write an error to the log without its message, which may quote a name."""
    sys.stderr.write("".join(traceback.format_tb(trace)) + f"{kind.__name__} in the process that matches names\n")


if __name__ == "__main__":
    main()
