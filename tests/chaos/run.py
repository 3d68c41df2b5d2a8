"""One run: faults at random by a seed while pages are open, then calm, then the reckoning."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

from tests.chaos import checks
from tests.chaos.faults import FAULTS, Fault, Injected, possible
from tests.chaos.pages import Page
from tests.chaos.site import YEARS, Site, listeners, running

CHECK_SECONDS = 0.05
TRUTH_SECONDS = 30.0
"""After this, an open page must show a year that is completed."""


@dataclass(frozen=True)
class Plan:
    """What a run is to do."""

    seed: int
    seconds: float
    listeners: int = 20
    pause: float = 3.0
    """Seconds between two faults, on average."""
    rate: float = 4.0
    """Calls of Last.fm a second."""
    calm_seconds: float = 600.0
    """How long all years may take once no fault comes any more."""
    truth_seconds: float = TRUTH_SECONDS
    idle_seconds: float = 90.0
    """How long a site that nobody visits may keep connections to the app database; 0: that is not waited for."""
    faults: tuple[Fault, ...] = FAULTS


@dataclass
class Recovery:
    """A fault, since it was injected, or had ended if it lasted; in seconds of the run."""

    fault: Fault
    at: float
    unit: str
    answered: float | None = None
    """When the unit did its work again."""
    advanced: float | None = None
    """When a page heard of progress after that."""


@dataclass
class Report:
    """How the run went."""

    plan: Plan
    recoveries: list[Recovery] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Faults that this machine cannot have."""
    years: int = 0
    plays: int = 0
    calm: float = 0.0
    """Seconds from the last fault to the last completed year."""
    slowest_page: float = 0.0
    """Seconds from a completed year, or from the end of the faults, to the page that shows it."""
    pressed: int = 0
    """How often a person had to press a button, or to load a page that does not follow."""

    @property
    def kills(self) -> int:
        return sum(recovery.fault.kills for recovery in self.recoveries)

    def rows(self) -> Iterator[tuple[str, int, str, str]]:
        """Yield for each kind of fault: its name, how often, until it answered and until the site went on."""
        by_fault: dict[str, list[Recovery]] = defaultdict(list)
        for recovery in self.recoveries:
            by_fault[recovery.fault.name].append(recovery)
        for name, found in sorted(by_fault.items()):
            answered = [one.answered - one.at for one in found if one.answered is not None]
            advanced = [one.advanced - one.at for one in found if one.advanced is not None]
            yield name, len(found), _spread(answered), _spread(advanced)


def _spread(seconds: list[float]) -> str:
    return f"{median(seconds):.1f} s, at most {max(seconds):.1f}" if seconds else "-"


class Chaos:
    """Runs a plan in a folder; `tell` hears how far it is."""

    def __init__(self, plan: Plan, folder: Path, tell: Callable[[str], None] = lambda _: None) -> None:
        self.plan, self._folder, self._tell = plan, folder, tell
        self.report = Report(plan)
        self._rng = Random(plan.seed)
        self._lasting: list[tuple[float, Injected]] = []
        self._advanced = 0.0
        self._began = 0.0
        self._ended_at = 0.0

    def run(self) -> Report:
        """Run it. What was lost is in the report."""
        plan = self.plan
        accounts = listeners(plan.listeners)
        self._tell("starting the site")
        with running(self._folder, accounts, plan.rate) as site:
            self._began = time.monotonic()
            pages = [
                Page(number, site.port, account, self._years(), Random(plan.seed + number), self._note_progress)
                for number, account in enumerate(accounts)
            ]
            for page in pages:
                page.start()
            try:
                self._attack(site, pages)
                self._calm_down(site, pages)
            finally:
                for page in pages:
                    page.close()
                for page in pages:
                    page.join()
            self._reckon(site, pages)
        self.report.lost += checks.left_processes(site)
        return self.report

    def _years(self) -> list[int]:
        return self._rng.sample(YEARS, len(YEARS))

    def _note_progress(self) -> None:
        self._advanced = self._now()

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _attack(self, site: Site, pages: list[Page]) -> None:
        faults = possible(self.plan.faults, site)
        self.report.left_out = [fault.name for fault in self.plan.faults if fault not in faults]
        weights = [fault.weight for fault in faults]
        next_at = 0.0
        while self._now() < self.plan.seconds:
            if self._now() >= next_at:
                fault = self._rng.choices(faults, weights)[0]
                injected = fault.inject(site, self._rng)
                self._lasting.append((self._now() + injected.seconds, injected))
                self.report.recoveries.append(Recovery(fault, self._now() + injected.seconds, injected.unit))
                next_at = self._now() + self._rng.expovariate(1 / self.plan.pause)
            self._look(site)
            done = sum(max(0, len(page.seen) - 1) for page in pages)
            self._tell(
                f"{self._now():.0f} of {self.plan.seconds:.0f} s, {len(self.report.recoveries)} faults,"
                f" {done} years shown"
            )
            time.sleep(CHECK_SECONDS)

    def _look(self, site: Site, *, mend_all: bool = False) -> None:
        """Undo what has lasted long enough, and note what has recovered."""
        for end, injected in list(self._lasting):
            if mend_all or self._now() >= end:
                injected.undo()
                self._lasting.remove((end, injected))
        for recovery in self.report.recoveries:
            # A process that was just told to end answers still.
            if recovery.answered is None and self._now() > recovery.at + 1:
                unit = site.units.get(recovery.unit)
                if unit is None or unit.answers():
                    recovery.answered = self._now()
            elif recovery.answered and recovery.advanced is None and self._advanced > recovery.answered:
                recovery.advanced = self._advanced

    def _calm_down(self, site: Site, pages: list[Page]) -> None:
        """Let every page reach the end of its year."""
        site.lastfm.faults.clear()
        self._look(site, mend_all=True)
        for page in pages:
            page.stay()
        ended = self._now()
        self._ended_at = time.time()
        while self._now() < ended + self.plan.calm_seconds and not all(page.finished.is_set() for page in pages):
            self._look(site)
            left = [page for page in pages if not page.finished.is_set()]
            self._tell(f"calm for {self._now() - ended:.0f} s, {len(left)} pages wait")
            time.sleep(CHECK_SECONDS)
        self.report.calm = self._now() - ended

    def _reckon(self, site: Site, pages: list[Page]) -> None:
        self._tell("comparing")
        report = self.report
        for page in pages:
            report.pressed += page.pressed
            if page.crash is not None:
                report.lost.append(f"{page.account.name}'s {page.year}: the page failed with {page.crash!r}")
            elif not page.finished.is_set():
                report.lost.append(f"{page.account.name}'s {page.year} still shows: {page.shown.headline}")
        seen = sorted({(page.account.name, year) for page in pages for year in page.seen})
        by_name = {page.account.name: page.account for page in pages}
        report.years, report.plays = len(seen), sum(len(by_name[name].plays(year)) for name, year in seen)
        report.slowest_page, slow = checks.slow_pages(site, pages, self._ended_at, self.plan.truth_seconds)
        report.lost += slow
        report.lost += checks.stuck_jobs(site)
        report.lost += checks.wrong_years(site, [(by_name[name], year) for name, year in seen])
        report.lost += checks.unplaced_albums(site)
        report.lost += checks.leaks(site, self.plan.idle_seconds)
