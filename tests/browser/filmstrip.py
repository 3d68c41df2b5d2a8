"""Filmstrips: what visitors see from the first quarter of a second to the end, as contact sheets to look at.

`python -m tests.browser.filmstrip --into FOLDER [SCENE ...]` films on a phone and on a wide screen at once.
It proves nothing, so that no test runs it.
"""

import base64
import html
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import click
from playwright.sync_api import Browser, Page, sync_playwright
from pydantic import SecretStr

from demo.lastfm.faults import Fault
from tests.browser.conftest import CHROMIUM, QUIET, Site, started_site
from tests.conftest import wait_until

SCREENS = {"phone": (390, 844, 195), "wide": (1440, 900, 480)}
"""Width, height, and how wide a picture of it is on the sheet."""
SHEET_WIDTH = 2000
EVERY, FIRST_SECONDS = 0.25, 10.0
LATER_EVERY = 3.0
ALIKE = 2
"""How many more pictures are taken of a page that stays the same."""
LATENCY = 1.2
"""What Last.fm takes for a call, so that there is a middle for something to happen in."""
NOWHERE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing")
HELEN = "/user/HeavyHelen/2024"

Happening = tuple[float, str, Callable[[Site], None]]
"""After how many seconds something happens, what it is called on the sheet, and how it is done."""


@dataclass(frozen=True)
class Scene:
    """A visit, what happened before it, what happens meanwhile, and for how many seconds it is filmed at most."""

    path: str = HELEN
    before: Callable[[Site], None] | None = None
    visited_before: bool = False
    happenings: tuple[Happening, ...] = ()
    seconds: float = 60.0


def _lastfm_goes(site: Site) -> None:
    site.lastfm.faults.add(Fault("503", times=None))


def _lastfm_returns(site: Site) -> None:
    site.lastfm.faults.clear()


def _work_without_mirror(site: Site) -> None:
    site.workers.terminate()
    wait_until(lambda: site.workers.ended)
    site.start_workers(mirror_url=NOWHERE)


def _mirror_returns(site: Site) -> None:
    site.workers.terminate()
    wait_until(lambda: site.workers.ended)
    site.start_workers()


SCENES = {
    "first-visit": Scene(),
    "returning-visit": Scene(visited_before=True, seconds=4),
    "lastfm-away": Scene(
        happenings=((3, "Last.fm goes away", _lastfm_goes), (45, "Last.fm is back", _lastfm_returns)), seconds=180
    ),
    "worker-gone": Scene(
        happenings=(
            (3, "the workers are killed", lambda site: site.workers.kill()),
            (30, "they start again", Site.start_workers),
        ),
        seconds=150,
    ),
    "mirror-away": Scene(
        before=_work_without_mirror,
        happenings=((25, "the mirror is back", _mirror_returns),),
        seconds=150,
    ),
    "redis-restarted": Scene(
        happenings=((3, "Redis stops", Site.stop_redis), (12, "Redis starts", Site.start_redis)), seconds=150
    ),
    "web-restarted": Scene(
        happenings=(
            (3, "the web process is killed", lambda site: site.web.kill()),
            (25, "it starts again", Site.start_web),
        ),
        seconds=150,
    ),
}


@dataclass
class Frame:
    """A picture, and from when until when it was what there is to see."""

    picture: bytes
    since: float
    until: float


class Camera:
    """Takes pictures of a page: a few of what stays the same, since bars may still move."""

    def __init__(self, page: Page) -> None:
        self.page, self.frames = page, list[Frame]()
        self._session = page.context.new_cdp_session(page)
        self._seen, self._taken = "", 0

    def shoot(self, at: float) -> None:
        """Take a picture of what is on the screen now."""
        seen = self.page.evaluate("document.documentElement.outerHTML")
        self._taken = self._taken + 1 if seen == self._seen else 0
        self._seen = seen
        if self._taken > ALIKE:
            self.frames[-1].until = at
            return
        shot = self._session.send("Page.captureScreenshot", {"format": "jpeg", "quality": 70})
        picture = base64.b64decode(shot["data"])
        if self.frames and self.frames[-1].picture == picture:
            self.frames[-1].until = at
        else:
            self.frames.append(Frame(picture, at, at))

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come on the page."""
        return bool(self.page.evaluate("!document.querySelector('main[data-live], .progress')"))


def film(site: Site, browser: Browser, scene: Scene) -> dict[str, list[Frame]]:
    """Film a scene on every screen at once."""
    with _cameras(browser) as cameras:
        if scene.visited_before:
            for camera in cameras.values():
                camera.page.goto(site.url + scene.path)
                wait_until(lambda camera=camera: camera.page.wait_for_timeout(100) or camera.is_over)  # type: ignore[misc]
                camera.page.goto("about:blank")
        if scene.before:
            scene.before(site)
        begin, pending = time.monotonic(), list(scene.happenings)
        for camera in cameras.values():
            camera.page.goto(site.url + scene.path, wait_until="commit")
        shot = 0
        while (at := time.monotonic() - begin) < scene.seconds:
            while pending and pending[0][0] <= at:
                _, _, happen = pending.pop(0)
                Thread(target=happen, args=(site,), daemon=True).start()
            for camera in cameras.values():
                camera.shoot(time.monotonic() - begin)
            if not pending and at > FIRST_SECONDS and all(camera.is_over for camera in cameras.values()):
                break
            shot += 1
            due = min(shot * EVERY, FIRST_SECONDS) + max(0.0, shot - FIRST_SECONDS / EVERY) * LATER_EVERY
            cameras["wide"].page.wait_for_timeout(max(1.0, 1000 * (begin + due - time.monotonic())))
        return {name: camera.frames for name, camera in cameras.items()}


@contextmanager
def _cameras(browser: Browser) -> Iterator[dict[str, Camera]]:
    contexts = {
        name: browser.new_context(viewport={"width": width, "height": height})
        for name, (width, height, _) in SCREENS.items()
    }
    yield {name: Camera(context.new_page()) for name, context in contexts.items()}
    for context in contexts.values():
        context.close()


def sheet(browser: Browser, title: str, scene: Scene, screen: str, frames: list[Frame], into: Path) -> None:
    """Lay the pictures of a scene side by side, with their seconds below and what happened first."""
    _, _, width = SCREENS[screen]
    happened = "".join(f"<li>{at:g} s: {html.escape(what)}" for at, what, _ in scene.happenings)
    pictures = "".join(
        f"<figure><img width={width} src='data:image/jpeg;base64,{base64.b64encode(frame.picture).decode()}'>"
        f"<figcaption>{frame.since:.2f} to {frame.until:.2f} s</figcaption></figure>"
        for frame in frames
    )
    page = browser.new_page(viewport={"width": SHEET_WIDTH, "height": 800})
    page.set_content(
        "<style>body{font:14px sans-serif;background:#888} main{display:flex;flex-wrap:wrap;gap:10px}"
        f"figure{{margin:0}}</style><h1>{title}, {screen}</h1><ul>{happened}</ul><main>{pictures}</main>"
    )
    page.screenshot(path=into / f"{title}-{screen}.png", full_page=True)
    page.close()


@click.command()
@click.argument("scenes", nargs=-1, type=click.Choice(list(SCENES)))
@click.option("--into", type=click.Path(path_type=Path), required=True, help="The folder for the contact sheets.")
def main(scenes: tuple[str, ...], into: Path) -> None:
    """Film these scenes, or all."""
    into.mkdir(parents=True, exist_ok=True)
    with started_site() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for name in scenes or SCENES:
            site.forget()
            site.lastfm.latency = LATENCY
            for screen, frames in film(site, browser, SCENES[name]).items():
                sheet(browser, name, SCENES[name], screen, frames, into)
                click.echo(f"{into / name}-{screen}.png: {len(frames)} pictures, {frames[-1].until:.0f} s")
            if site.workers.ended:
                site.start_workers()
        browser.close()


if __name__ == "__main__":
    main()
