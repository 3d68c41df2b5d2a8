"""What decides how soon a finished year is seen: its bytes, its round trips, and what rendering waits for.

How soon that is in seconds, `make bench FIGURES=first_paint` measures.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from demo.ports import free_port
from tests import processes
from tests.browser.conftest import Site
from tests.browser.states import STATES, put_all
from tests.browser.test_looks import SIZES

MOST, MOST_AT_FIRST = 30_000, 14_000
"""Bytes with their headers: of all there is, and of what has to be here before anything is seen. A server may send
ten packets of 1,460 bytes before the first is acknowledged."""
LARGEST = """
    () => new Promise(found => new PerformanceObserver(paints => found(paints.getEntries().at(-1).element))
        .observe({type: "largest-contentful-paint", buffered: true}))
        .then(one => [one.localName, Boolean(
            one.compareDocumentPosition(document.getElementById("since")) & Node.DOCUMENT_POSITION_FOLLOWING)])
"""
BLOCKING = """
    () => performance.getEntriesByType("resource").filter(one => one.renderBlockingStatus === "blocking")
        .map(one => new URL(one.name).pathname)
"""


@pytest.fixture(scope="module")
def compressed(whole_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site that compresses, with every state."""
    whole_site.forget()
    put_all(whole_site)
    log, port = tmp_path_factory.mktemp("compressed") / "web.log", free_port()
    with processes.web(whole_site.settings, log, port, application="tests.compressed:site()"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=SIZES)
def fresh(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab of a browser that has nothing in its cache."""
    width, height = SIZES[request.param]
    context = chromium.new_context(viewport={"width": width, "height": height})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("state", ["complete", "every year", "compare"])
def test_a_finished_year_is_light_and_seen_after_two_round_trips(compressed: str, fresh: Page, state: str) -> None:
    session = fresh.context.new_cdp_session(fresh)
    session.send("Network.enable")
    asked: dict[str, dict[str, Any]] = {}
    bytes_of: dict[str, int] = {}

    def ask(sent: dict[str, Any]) -> None:
        asked[sent["requestId"]] = sent

    def finish(end: dict[str, Any]) -> None:
        bytes_of[end["requestId"]] = end["encodedDataLength"]

    session.on("Network.requestWillBeSent", ask)
    session.on("Network.loadingFinished", finish)
    address = compressed + STATES[state]
    fresh.goto(address, wait_until="networkidle")
    by_path = {Path(sent["request"]["url"]).name.split("?")[0]: bytes_of[at] for at, sent in asked.items()}
    assert sum(by_path.values()) < MOST, by_path
    assert len(by_path) == len(asked), "nothing is asked for twice"

    document = next(sent for sent in asked.values() if sent["type"] == "Document")
    others = [sent for sent in asked.values() if sent is not document]
    # The document names everything itself: nothing is found only in what another answer says.
    assert {sent["initiator"].get("url", address) for sent in others} == {address}
    assert {sent["initiator"]["type"] for sent in others} <= {"parser", "other"}, "the icon is asked for by nobody"
    assert fresh.evaluate(BLOCKING) == ["/static/style.css"]
    needed = by_path["style.css"] + bytes_of[document["requestId"]]
    assert needed < MOST_AT_FIRST, by_path
    if state != "compare":  # which has no line that a script may fill
        assert fresh.evaluate(LARGEST) in (["h1", True], ["p", True]), (
            "what is largest stands before the first script"
        )
