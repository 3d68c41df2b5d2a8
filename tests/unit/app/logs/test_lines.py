"""Logs: one line per event, whoever writes it, with the run's id and without secrets."""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
import structlog

from app.logs.lines import HIDDEN as REPLACED
from app.logs.lines import configure, log_uncaught_errors
from app.logs.names import NameHider

KEY, PASSWORD = "hush-key", "hush-key-and-more"

Lines = Callable[[], list[str]]


@pytest.fixture
def lines(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Lines]:
    """What was logged so far, where a test asks for it otherwise than as key=value."""
    written: list[str] = []
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    structlog.contextvars.clear_contextvars()
    configure((KEY, PASSWORD), **getattr(request, "param", {}))

    def read() -> list[str]:
        written.extend(capsys.readouterr().err.splitlines())
        return written

    yield read
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


@pytest.mark.parametrize(
    "lines", [{}, {"pretty": True}, {"as_json": True}], indirect=True, ids=["plain", "in colour", "JSON"]
)
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
    assert text.count(REPLACED) >= 8
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


@pytest.mark.parametrize("lines", [{"as_json": True}], indirect=True)
def test_a_line_of_json_is_an_object_that_begins_with_when_and_what(lines: Lines) -> None:
    run = uuid4()
    structlog.get_logger().info("Something happened", count=3, run=run, text='"quoted"\nand more')
    (line,) = lines()
    told = json.loads(line)
    assert list(told)[:3] == ["at", "level", "event"]
    assert told | {"at": ""} == {
        "at": "",
        "level": "info",
        "event": "Something happened",
        "count": 3,
        "run": str(run),
        "text": '"quoted"\nand more',
    }


@pytest.mark.parametrize("lines", [{"as_json": True}, {}], indirect=True, ids=["JSON", "plain"])
def test_a_secret_is_found_before_it_is_quoted(lines: Lines) -> None:
    configure(('p"ss\\word',))
    structlog.get_logger().info("Told", reason='it is p"ss\\word')
    assert "ss" not in lines()[0].partition("reason")[2]


@pytest.mark.parametrize("lines", [{"level": "warning"}, {"level": "debug"}], indirect=True)
def test_the_level_decides_what_is_written_whoever_logs_it(lines: Lines, request: pytest.FixtureRequest) -> None:
    for logger in (structlog.get_logger(), logging.getLogger("some.library")):
        for level in ("debug", "info", "warning", "error"):
            getattr(logger, level)(f"This is {level}")
    all_of_it = request.node.callspec.params["lines"]["level"] == "debug"
    assert len(lines()) == (8 if all_of_it else 4)


HIDER = NameHider(b"a key")
HIDDEN = [{"names": HIDER}, {"names": HIDER, "as_json": True}, {"names": HIDER, "pretty": True}]


@pytest.mark.parametrize("lines", HIDDEN, indirect=True, ids=["plain", "JSON", "in colour"])
def test_a_line_about_a_listener_names_a_token_wherever_it_would_name_them(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(listener="HeavyHelen", _others=("LightLuca",)):
        structlog.get_logger().info(
            "Fetched", key="plays/heavyhelen/2024", inside={"HeavyHelen": ["x HEAVYHELEN y"]}
        )
        logging.getLogger("some.library").warning("%s was compared with %s", "HeavyHelen", "lightluca")
        try:
            raise ValueError("no year 2024 of 'HeavyHelen'")
        except ValueError:
            structlog.get_logger().exception("Broken")
    text = "\n".join(lines())
    assert "helen" not in text.lower()
    assert "luca" not in text.lower()
    assert "_others" not in text
    assert text.count(HIDER.token("HeavyHelen")) >= 7
    assert "no year 2024 of" in text


@pytest.mark.parametrize("lines", [{"names": HIDER}], indirect=True)
def test_what_we_say_of_an_event_is_no_name(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(listener="the"):
        structlog.get_logger().info("Completed the year", reason="of the listener")
    assert 'event="Completed the year"' in lines()[0]
    assert "of the" not in lines()[0], "but all else may be one"


def test_names_are_written_where_nothing_hides_them(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(listener="HeavyHelen", _others=("LightLuca",)):
        structlog.get_logger().info("Fetched", address="/user/HeavyHelen")
    assert "listener=HeavyHelen" in lines()[0]
    assert "address=/user/HeavyHelen" in lines()[0]
    assert "_others" not in lines()[0]


@pytest.mark.parametrize("lines", [{"names": HIDER}], indirect=True)
def test_an_error_that_nobody_caught_is_one_line_too(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.excepthook", sys.excepthook)
    monkeypatch.setattr("threading.excepthook", threading.excepthook)
    log_uncaught_errors()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    error = ValueError("GET /user/HeavyHelen")
    sys.excepthook(ValueError, error, None)
    (first, second) = lines()
    assert "level=critical" in first
    assert "hush" not in first
    assert f"GET /user/{HIDER.token('heavyhelen')}" in second
