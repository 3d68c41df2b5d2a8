"""The process that answers: started when needed, replaced when lost, stopped when it takes too long."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from mirror.answering import process
from mirror.answering.answers import Question
from mirror.answering.process import MatchingProcess
from mirror.errors import MatchingBusy, MirrorAway
from mirror.matching.reasons import Reason
from tests.conftest import PATIENCE, wait_until
from tests.processes import ROOT, matching_processes

RUMOURS = Question("Fleetwood Mac", "Rumours")
LOCK = "LOCK TABLE musicbrainz.artist_name IN ACCESS EXCLUSIVE MODE"
CHILD = "from mirror.answering import process; {}; process.main()"
CLOSED_WHILE_ASKED = """
from gevent import monkey, sleep, spawn
monkey.patch_all()
import os, signal, sys
from mirror.answering.process import MatchingProcess
from tests.processes import matching_processes

matching = MatchingProcess(sys.argv[1])
matching.ask([])
[pid] = matching_processes(os.getpid())
os.kill(pid, signal.SIGSTOP)
asking = spawn(matching.ask, [])
sleep(0)
matching.close()
asking.join()
print(type(asking.exception).__name__, matching_processes(os.getpid()))
"""

Altered = Callable[[str], None]
Running = Callable[[], list[int]]


@pytest.fixture
def matching(mirror: str) -> Iterator[MatchingProcess]:
    """The process, not started yet."""
    matching = MatchingProcess(mirror)
    yield matching
    matching.close()


@pytest.fixture
def running() -> Running:
    """Finds the processes that match names, without those of sites that earlier tests have left running."""
    earlier = matching_processes(os.getpid())
    return lambda: [pid for pid in matching_processes(os.getpid()) if pid not in earlier]


@pytest.fixture
def altered(monkeypatch: pytest.MonkeyPatch) -> Altered:
    """Lets a statement alter the process before it begins."""
    return lambda statement: monkeypatch.setattr(
        process, "COMMAND", (sys.executable, "-c", CHILD.format(statement))
    )


def year(matching: MatchingProcess) -> int | None:
    [answer] = matching.ask([RUMOURS])
    return answer.placement.year if answer.placement else None


def test_one_process_is_started_by_the_first_question_and_answers_all(
    matching: MatchingProcess, running: Running
) -> None:
    assert running() == []
    assert year(matching) == 1977
    [first] = running()
    [nothing] = matching.ask([Question("Nobody\ud800", "\0\u202e")])
    assert nothing.reason is Reason.NO_NAMES
    assert matching.ask([]) == []
    assert running() == [first]
    matching.close()
    assert running() == []


def test_many_may_ask_at_once_and_each_gets_its_own_answers(matching: MatchingProcess) -> None:
    counts: dict[int, int] = {}

    def ask(number: int) -> None:
        counts[number] = len(matching.ask([RUMOURS] * number))

    threads = [threading.Thread(target=ask, args=[number]) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == {number: number for number in range(1, 9)}


def test_an_idle_process_ends_and_is_replaced(
    matching: MatchingProcess, altered: Altered, running: Running
) -> None:
    altered("process.IDLE_SECONDS = 0.1")
    assert year(matching) == 1977
    wait_until(lambda: running() == [])
    assert year(matching) == 1977


def test_whatever_takes_too_long_is_stopped(
    matching: MatchingProcess, running: Running, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(mirror) as other, monkeypatch.context() as patched:
        patched.setattr(process, "ANSWER_SECONDS", 0.2)
        other.execute(LOCK)
        with pytest.raises(MirrorAway):
            matching.ask([RUMOURS])
    assert running() == []
    assert year(matching) == 1977


def test_who_waits_too_long_for_others_is_told_so(
    matching: MatchingProcess, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert year(matching) == 1977
    monkeypatch.setattr(process, "TURN_SECONDS", 0.1)
    [pid] = running()
    os.kill(pid, signal.SIGSTOP)
    ends: list[object] = []

    def ask() -> None:
        try:
            ends.append(year(matching))
        except MatchingBusy:
            ends.append("busy")

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(ends) == 2)
    os.kill(pid, signal.SIGCONT)
    for thread in threads:
        thread.join()
    assert ends == ["busy", "busy", 1977]


def test_closed_by_the_web_while_it_is_asked_it_ends_and_is_not_replaced(mirror: str) -> None:
    command = [sys.executable, "-c", CLOSED_WHILE_ASKED, mirror]
    web = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert web.stdout == "MirrorAway []\n", web.stderr


def test_without_a_mirror_the_process_stays_for_when_it_is_back(empty_database: str, running: Running) -> None:
    matching = MatchingProcess(empty_database)
    try:
        for _ in range(2):
            with pytest.raises(MirrorAway, match="Nothing has been imported"):
                matching.ask([RUMOURS])
        assert len(running()) == 1
    finally:
        matching.close()


def test_an_error_of_our_own_is_reported_without_what_was_asked(
    matching: MatchingProcess, altered: Altered, capfd: pytest.CaptureFixture[str]
) -> None:
    altered("process.answer = lambda _, questions: int(questions[0].artist)")
    for _ in range(2):
        with pytest.raises(MirrorAway) as away:
            matching.ask([RUMOURS])
        assert "Fleetwood" not in str(away.value)
    said = capfd.readouterr().err
    assert "ValueError in the process that matches names" in said
    assert "process.py" in said
    assert "Fleetwood" not in said
