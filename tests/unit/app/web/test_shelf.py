"""The shelf holds finished pages for a moment."""

import pytest

from app.web.shelf import HELD_SECONDS, PLACES, Shelf


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("app.web.shelf.time.monotonic", lambda: now[0])
    return now


def test_a_page_is_held_for_a_moment_under_its_name_in_any_case(clock: list[float]) -> None:
    shelf = Shelf()
    shelf.put("HeavyHelen", 2024, b"page")
    assert shelf.take("heavyHELEN", 2024) == b"page"
    assert shelf.take("HeavyHelen", 2023) is None
    clock[0] += HELD_SECONDS
    assert shelf.take("HeavyHelen", 2024) is None


def test_a_page_that_is_dropped_is_gone_at_once(clock: list[float]) -> None:
    shelf = Shelf()
    shelf.put("HeavyHelen", 2024, b"page")
    shelf.drop("heavyhelen", 2024)
    assert shelf.take("HeavyHelen", 2024) is None
    shelf.drop("heavyhelen", 2024)


def test_a_full_shelf_lets_go_of_what_was_put_there_first(clock: list[float]) -> None:
    shelf = Shelf()
    for number in range(PLACES):
        shelf.put(f"Visitor{number}", 2024, b"page")
    shelf.put("Visitor0", 2024, b"newer")
    shelf.put("OneMore", 2024, b"page")
    assert shelf.take("Visitor1", 2024) is None
    assert shelf.take("Visitor0", 2024) == b"newer"
    assert shelf.take("OneMore", 2024) == b"page"


def test_a_page_may_be_drawn_in_several_ways_that_go_together(clock: list[float]) -> None:
    shelf = Shelf()
    shelf.put("HeavyHelen", 2024, b"years")
    shelf.put("HeavyHelen", 2024, b"decades", "by decade")
    assert (shelf.take("HeavyHelen", 2024), shelf.take("HeavyHelen", 2024, "by decade")) == (b"years", b"decades")
    shelf.drop("HeavyHelen", 2024)
    assert (shelf.take("HeavyHelen", 2024), shelf.take("HeavyHelen", 2024, "by decade")) == (None, None)


def test_however_many_ways_are_asked_for_few_are_held(clock: list[float]) -> None:
    shelf = Shelf()
    for host in range(100):
        shelf.put("HeavyHelen", 2024, b"page", f"host {host}")
    assert [host for host in range(100) if shelf.take("HeavyHelen", 2024, f"host {host}")] == [96, 97, 98, 99]
