"""The operator's pages in a browser: narrow and wide, light and dark, well and with problems; saves pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from pydantic import SecretStr
from requests.auth import HTTPBasicAuth

from app.jobs.queues import FETCHES, queue
from app.redis.notice import clear_notice
from app.redis.pause import resume
from demo.ports import free_port
from tests import processes
from tests.browser.conftest import NO_SERVICE_WORKER, Site
from tests.browser.test_looks import SCHEMES, SIZES, is_wider_than_the_screen, pictures
from tests.browser.walk import faults
from tests.conftest import PATIENCE, wait_until
from tests.simulated_month import fill
from worker.lastfm.limiter import Limiter

__all__ = ["pictures"]

USER, PASSWORD = "operator", "browser-password"
HOSTILE = "worker.jobs.<img src=x onerror=document.title='taken'>"
PAUSE = 2 * PATIENCE  # seconds for which jobs at work stay so
FAILED = f"queues/0/view/jobs/{FETCHES}/failed/8/asc/1"
BUTTONS = "#requeue-all-btn, #empty-btn, [data-role=requeue-job-btn], [data-role=delete-job-btn]"


@contextmanager
def operators_pages(site: Site, log: Path, **changes: Any) -> Iterator[str]:
    """Where the operator's pages are."""
    port = free_port()
    update = {"operator_password": SecretStr(PASSWORD), **changes}
    environ = processes.environment(site.settings.model_copy(update=update), PORT=str(port))
    command = ("gunicorn", "--config", "python:app.server", "app.web.operator:create_app()")
    url = f"http://127.0.0.1:{port}/operator/"
    with processes.running(log, environ, *command) as process:
        wait_until(lambda: answers(url) or process.ended, otherwise=lambda: process.output)
        yield url


def answers(url: str) -> bool:
    """Whether the pages are open."""
    try:
        return requests.get(url, auth=HTTPBasicAuth(USER, PASSWORD), timeout=2).ok
    except requests.RequestException:
        return False


@pytest.fixture
def board(site: Site, tmp_path: Path) -> Iterator[str]:
    """Where the operator's page is. What was in the queues is gone afterwards."""
    with operators_pages(site, tmp_path / "operator.log") as url:
        yield url
    site.workers.kill()  # or they would wait for as long as they were told
    site.redis.flushdb()
    site.start_workers()


@pytest.fixture
def operator(chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    """A tab of somebody who has the password."""
    context = chromium.new_context(http_credentials={"username": USER, "password": PASSWORD})
    page = context.new_page()

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and message.text != NO_SERVICE_WORKER:
            complaints.append(f"{message.type}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(f"exception: {error}"))
    yield page
    assert context.cookies() == []
    context.close()


def fail(site: Site) -> None:
    """A job that has failed, and whose text is a tag."""
    one = queue(site.redis, FETCHES)
    site.foreseen.add("UnknownJob")
    one.enqueue(HOSTILE, "HeavyHelen", 2024, job_id="hostile", failure_ttl=600)
    wait_until(lambda: one.failed_job_registry.get_job_count(cleanup=False), otherwise=lambda: site.output)


def let_it_ail(site: Site) -> None:
    """Jobs that wait, jobs at work that are kept from going on for a while, and one that has failed."""
    fail(site)
    for year in (2024, 2023, 2022, 2021):
        # Fetches of one visitor wait for each other.
        visitor = {"X-Forwarded-For": f"203.0.113.{year % 100}"}
        requests.get(f"{site.url}/user/HeavyHelen/{year}", headers=visitor, timeout=PATIENCE)
    started = queue(site.redis, FETCHES).started_job_registry
    wait_until(lambda: started.get_job_count(cleanup=False) == 2, otherwise=lambda: site.output)
    Limiter(site.redis, site.settings.lastfm_requests_per_second).pause(PAUSE)


def visible(page: Page, selector: str) -> int:
    """How many of these there are to be seen."""
    return page.locator(selector).locator("visible=true").count()


def draw(page: Page, folder: Path, name: str) -> None:
    """A picture in each size and scheme; the page may not be wider than any screen.

    It is not drawn anew meanwhile, which it does after ten seconds: a slow machine takes longer.
    """
    page.evaluate("window.stop()")
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert not is_wider_than_the_screen(page), (name, size)
        if name.startswith("operator"):
            assert faults(page, touched=size == "phone") == [], (name, size)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)


def test_the_board_fits_every_screen_is_drawn_anew_by_itself_and_nothing_complains(
    site: Site, board: str, operator: Page, complaints: list[str], pictures: Path
) -> None:
    operator.goto(board)
    # Once the workers are there.
    expect(operator.locator("h1")).to_have_text("All is well", timeout=1000 * PATIENCE)
    draw(operator, pictures, "operator-well")
    fill(site.redis, datetime.now(UTC))
    operator.get_by_role("link", name="Show as a table").first.click()
    expect(operator.locator("#fetches table")).to_have_count(2)
    draw(operator, pictures, "operator-tables")
    operator.goto(board)
    assert operator.locator("svg.times").count() == 12
    operator.evaluate("document.querySelector('.facts small').textContent = 'oldest 119 minutes'")
    draw(operator, pictures, "operator-month")
    operator.goto(board)
    let_it_ail(site)
    # The page comes by itself to what has changed.
    expect(operator.locator("h1")).to_have_text("2 things to look at", timeout=1000 * PATIENCE)
    assert operator.locator("tr", has_text="a year, for").count() == 2
    draw(operator, pictures, "operator-ailing")
    assert complaints == []


def test_the_queues_work_under_their_policy_and_let_no_text_run(
    site: Site, board: str, operator: Page, complaints: list[str], pictures: Path
) -> None:
    let_it_ail(site)
    operator.goto(f"{board}queues/")
    operator.wait_for_selector("tr[data-role=queue]")
    draw(operator, pictures, "queues")
    operator.goto(f"{board}{FAILED}")
    operator.wait_for_selector("tr[data-job-id=hostile]")
    assert visible(operator, BUTTONS) == 0
    draw(operator, pictures, "queues-failed")
    operator.goto(f"{board}queues/0/view/workers")
    operator.wait_for_selector("tr[data-role=worker]")
    draw(operator, pictures, "queues-workers")
    assert complaints == []
    # rq-dashboard shows what a job says of itself as it is: the policy alone keeps a script in it from running.
    operator.goto(f"{board}queues/0/view/job/hostile")
    operator.wait_for_selector("#job-data img", state="attached")
    wait_until(lambda: any("Content Security Policy" in complaint for complaint in told(operator, complaints)))
    assert operator.title() != "taken"
    draw(operator, pictures, "queues-job")


def told(page: Page, complaints: list[str]) -> list[str]:
    """What the browser has found fault with by now."""
    page.wait_for_timeout(50)  # lets its events in
    return complaints


def test_who_may_requeues_a_job_by_its_button(
    site: Site, board: str, operator: Page, complaints: list[str], tmp_path: Path
) -> None:
    fail(site)
    first = ended(site)
    with operators_pages(site, tmp_path / "may-change.log", operator_may_change=True) as url:
        operator.goto(f"{url}{FAILED}")
        operator.click("[data-role=requeue-job-btn]")
        wait_until(lambda: ended(site) not in (None, first), otherwise=lambda: site.output)
    assert complaints == []


def ended(site: Site) -> datetime | None:
    """When the job that fails has failed last."""
    job = queue(site.redis, FETCHES).fetch_job("hostile")
    return job.ended_at if job and job.is_failed else None


def test_the_buttons_pause_tell_visitors_and_ask_before_they_forget(
    site: Site, operator: Page, complaints: list[str], pictures: Path, tmp_path: Path
) -> None:
    def about() -> str:
        return requests.get(f"{site.url}/about", timeout=PATIENCE).text

    said = operator.locator("#said")
    with operators_pages(site, tmp_path / "buttons.log", operator_may_change=True) as url:
        try:
            operator.goto(url)
            operator.click("text=Changes")
            operator.click("#pause")
            expect(said).to_have_text("Fetching is paused. Fetches under way stop after the stretch in hand.")
            operator.fill("#text", "Moving on <Sunday>")
            operator.click("#tell")
            expect(said).to_have_text("Every page shows the notice now.")
            wait_until(lambda: "Moving on &lt;Sunday&gt;" in about())  # which may be a second old
            draw(operator, pictures, "operator-changes")
            operator.goto(f"{site.url}/user/NobodyNed/2010")
            expect(operator.locator("#no-worker")).to_contain_text("The operator has paused")
            expect(operator.locator(".from-operator")).to_have_text("Moving on <Sunday>")
            draw(operator, pictures, "operator-paused")
            operator.goto(f"{url}changes")
            operator.click("#clear")
            expect(said).to_have_text("No page shows a notice any more.")
            wait_until(lambda: "Moving on" not in about())
            operator.click("#resume")
            expect(said).to_have_text("Fetching goes on.")
        finally:
            resume(site.redis)
            clear_notice(site.redis)
        operator.fill("#forget-name", "NobodyNed")
        operator.click("#forget")
        expect(operator.locator("h1")).to_have_text("Forget NobodyNed?")
        draw(operator, pictures, "operator-forget")
        operator.click("#for-now")
        expect(said).to_have_text("Nothing was stored about the listener.")
    assert complaints == []
