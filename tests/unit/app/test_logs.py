"""Logs: one line per event, whoever writes it, with the run's id and without secrets."""

import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from io import StringIO
from uuid import uuid4

import pytest
import structlog

from app import logs

KEY, PASSWORD = "hush-key", "hush-key-and-more"

Lines = Callable[[], list[str]]


@pytest.fixture
def lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What was logged so far; in colour where a test asks for it."""
    written = StringIO()
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    with redirect_stderr(written):
        logs.configure((KEY, PASSWORD), pretty=getattr(request, "param", False))
    yield lambda: written.getvalue().splitlines()
    root.setLevel(level)
    structlog.reset_defaults()


def test_an_event_is_one_line_of_names_and_values(lines: Lines) -> None:
    structlog.get_logger().info("Something happened", count=3, text='two words, "quoted"\nand more')
    (line,) = lines()
    assert line.startswith("at=20")
    assert "level=info" in line
    assert 'event="Something happened"' in line
    assert "count=3" in line


def test_libraries_log_the_same_way(lines: Lines) -> None:
    logging.getLogger("some.library").warning("It said %s", "this")
    (line,) = lines()
    assert "level=warning" in line
    assert 'event="It said this"' in line


def test_a_runs_id_stands_on_every_line(lines: Lines) -> None:
    run = str(uuid4())
    with structlog.contextvars.bound_contextvars(run=run):
        structlog.get_logger().info("Ours")
        logging.getLogger("some.library").warning("Theirs")
    structlog.get_logger().info("Afterwards")
    ours, theirs, afterwards = lines()
    assert f"run={run}" in ours
    assert f"run={run}" in theirs
    assert "run=" not in afterwards


def fail() -> None:
    raise ValueError(f"could not open postgresql://me:{PASSWORD}@db/x?api_key={KEY}")


@pytest.mark.parametrize("lines", [False, True], indirect=True, ids=["plain", "in colour"])
def test_secrets_are_blotted_out_whoever_logs_them(lines: Lines) -> None:
    ours, theirs = structlog.get_logger(), logging.getLogger("some.library")
    ours.info(f"in the event {KEY}", value=PASSWORD, inside={"url": f"http://x/?api_key={KEY}"})
    theirs.warning("as an argument %s", PASSWORD)
    try:
        fail()
    except ValueError:
        ours.exception("Ours failed")
        theirs.exception("Theirs failed")
        theirs.error("Theirs failed too", exc_info=True)
    text = "\n".join(lines())
    assert "hush" not in text
    assert text.count(logs.HIDDEN) >= 8
    assert text.count("ValueError") >= 3, "what failed is told"


def test_an_exception_is_told_on_its_events_own_line(lines: Lines) -> None:
    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("Ours failed")
        logging.getLogger("some.library").exception("Theirs failed")
    ours, theirs = lines()
    assert "Traceback" in ours
    assert "Traceback" in theirs


def test_a_secret_that_contains_another_leaves_no_rest(lines: Lines) -> None:
    structlog.get_logger().info(PASSWORD)
    assert "and-more" not in lines()[0]


def test_chatter_of_the_http_library_is_not_logged(lines: Lines) -> None:
    logging.getLogger("urllib3.connectionpool").info("GET /2.0/?api_key=other")
    logging.getLogger("anything").debug("details")
    assert lines() == []
