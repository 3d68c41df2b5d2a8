"""Open pages: as many as an address may have, and an end for those that read nothing."""

import socket

import pytest
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from app.web.live import open_pages
from app.web.live.open_pages import OpenPage, OpenPages
from app.web.rate_limits import SITES
from tests.conftest import wait_until


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address may have three."""
    monkeypatch.setattr(open_pages, "MOST_OF_ONE", 3)


def test_an_address_may_have_so_many_and_another_one_when_one_is_closed() -> None:
    pages = OpenPages()
    opened = [pages.admit("203.0.113.7", None) for _ in range(3)]
    with pytest.raises(TooManyRequests) as refused:
        pages.admit("203.0.113.7", None)
    assert refused.value.retry_after
    pages.admit("203.0.113.8", None)
    pages.admit("127.0.0.1", None, is_limited=False)
    for _ in range(2):
        pages.dismiss(opened[0])
    pages.admit("203.0.113.7", None)
    with pytest.raises(TooManyRequests):
        pages.admit("203.0.113.7", None)


def test_a_site_of_the_sixth_version_may_have_as_many_as_a_few_of_its_networks() -> None:
    pages = OpenPages()
    for number in range(3 * SITES):
        pages.admit(f"2001:db8:1:{number:x}::1", None)
    with pytest.raises(TooManyRequests):
        pages.admit("2001:db8:1:ffff::1", None)
    pages.admit("2001:db8:2::1", None)


def test_some_connections_are_kept_for_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_pages, "MOST_OF_ALL", 2)
    pages = OpenPages()
    opened = [pages.admit(f"203.0.113.{number}", None) for number in range(2)]
    with pytest.raises(ServiceUnavailable):
        pages.admit("203.0.113.9", None)
    pages.dismiss(opened[0])
    pages.admit("203.0.113.9", None)


def test_who_reads_nothing_is_cut_off_and_who_reads_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_pages, "SLOW_AFTER", 0.0)
    monkeypatch.setattr(open_pages, "CHECK_EVERY", 0.01)
    pages = OpenPages()
    ours, theirs = socket.socketpair()
    others, _keep = socket.socketpair()
    with ours, theirs, others, _keep:
        slow, quick = pages.admit("203.0.113.7", ours), pages.admit("203.0.113.8", others)
        with quick.sending():
            others.sendall(b"event")
        with pytest.raises(BrokenPipeError), slow.sending():
            ours.sendall(bytes(1 << 24))
        assert others.fileno() > 0
        others.sendall(b"event")
    for page in (slow, quick):
        pages.dismiss(page)
    wait_until(lambda: not pages._is_checked)


def test_a_page_connects_again_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    page = OpenPage("203.0.113.7", None)
    assert not page.is_old
    monkeypatch.setattr(open_pages, "LONGEST", -1.0)
    assert page.is_old
