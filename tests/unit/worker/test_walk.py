"""The walk over the pages of a window: oldest first, several under way, and an end when they shift."""

import threading
from collections.abc import Callable, Iterator

import pytest
import structlog

from tests.conftest import wait_until
from worker.payloads import Page
from worker.walk import Shifted, walk


def page(number: int, pages: int = 9, total: int = 1700) -> Page:
    return Page("SingleSam", number, pages, total, ())


def numbers(first: Page, fetch: Callable[[int], Page], ahead: int = 3) -> list[int]:
    return [page.page for page in walk(first, fetch, ahead)]


@pytest.mark.parametrize("ahead", [1, 2, 8, 100])
def test_pages_come_from_the_last_to_the_first(ahead: int) -> None:
    assert numbers(page(1), page, ahead) == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_pages_that_are_answered_out_of_order_come_in_order() -> None:
    newer_first = threading.Event()

    def fetch(number: int) -> Page:
        if number == 9:
            newer_first.wait(5)
        if number == 8:
            newer_first.set()
        return page(number)

    assert numbers(page(1), fetch) == [9, 8, 7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(("pages", "expected"), [(0, []), (1, [1]), (2, [2, 1])])
def test_short_windows_have_few_pages(pages: int, expected: list[int]) -> None:
    assert numbers(page(1, pages), lambda number: page(number, pages)) == expected


def test_the_first_page_is_not_fetched_again_and_every_other_once() -> None:
    fetched: list[int] = []

    def fetch(number: int) -> Page:
        fetched.append(number)
        return page(number)

    numbers(page(1), fetch)
    assert sorted(fetched) == [2, 3, 4, 5, 6, 7, 8, 9]


def note(seen: list[int], pages: Iterator[Page]) -> None:
    """Notes each page as it comes, so that what came before an exception is known."""
    seen.extend(page.page for page in pages)


def test_another_total_means_that_the_pages_shifted() -> None:
    def fetch(number: int) -> Page:
        return page(number, total=1701 if number <= 6 else 1700)

    seen: list[int] = []
    with pytest.raises(Shifted):
        note(seen, walk(page(1), fetch, 2))
    assert seen == [9, 8, 7], "those before it are good"


def test_what_a_fetch_raises_comes_out_behind_the_pages_before_it() -> None:
    def fetch(number: int) -> Page:
        if number == 7:
            raise OSError("no answer")
        return page(number)

    seen: list[int] = []
    with pytest.raises(OSError, match="no answer"):
        note(seen, walk(page(1), fetch, 4))
    assert seen == [9, 8]


def test_what_was_bound_for_the_log_is_bound_in_every_call() -> None:
    bound: list[str] = []

    def fetch(number: int) -> Page:
        bound.append(str(structlog.contextvars.get_contextvars().get("run")))
        return page(number)

    with structlog.contextvars.bound_contextvars(run="this one"):
        numbers(page(1), fetch)
    assert bound == ["this one"] * 8


def test_as_many_pages_are_under_way_as_allowed_and_no_more() -> None:
    lock, under_way, most = threading.Lock(), 0, 0
    full = threading.Barrier(4)

    def fetch(number: int) -> Page:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        full.wait(5)
        with lock:
            under_way -= 1
        return page(number)

    assert len(numbers(page(1), fetch, 4)) == 9
    assert most == 4


def test_pages_far_ahead_are_not_fetched_before_they_are_wanted() -> None:
    fetched: list[int] = []

    def fetch(number: int) -> Page:
        fetched.append(number)
        return page(number)

    pages = walk(page(1), fetch, 2)
    next(pages)
    wait_until(lambda: len(fetched) == 3)
    pages.close()  # type: ignore[attr-defined]  # it is a generator
    assert sorted(fetched) == [7, 8, 9]


def test_a_walk_that_is_left_does_not_wait_for_calls_under_way() -> None:
    answer = threading.Event()

    def fetch(number: int) -> Page:
        if number < 9:
            answer.wait(10)
        return page(number)

    pages = walk(page(1), fetch, 3)
    assert next(pages).page == 9
    pages.close()  # type: ignore[attr-defined]
    assert not answer.is_set()
    answer.set()
