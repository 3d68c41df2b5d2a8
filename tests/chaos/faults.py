"""The faults: what is done to the site, and undone again where it lasts."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from demo.faults import Fault as LastfmFault
from tests.chaos.site import Site
from tests.chaos.units import Unit

Undo = Callable[[], None]
LASTFM_FAULTS = (
    "error8",
    "error11",
    "error16",
    "error29",
    "500",
    "html",
    "truncated",
    "empty",
    "half",
    "uncounted",
)


@dataclass(frozen=True)
class Injected:
    """What was done: to which unit, and how it is undone, after how many seconds; at once if it does not last."""

    unit: str
    seconds: float = 0.0
    undo: Undo = lambda: None


@dataclass(frozen=True)
class Fault:
    """A kind of fault; the heavier ones come more often."""

    name: str
    inject: Callable[[Site, Random], Injected]
    weight: int = 1
    kills: bool = False


def _end(name: str, number: signal.Signals) -> Callable[[Site, Random], Injected]:
    """Send a signal to the first process of a unit, as systemd does."""

    def inject(site: Site, _: Random) -> Injected:
        site.units[name].send(number)
        return Injected(name)

    return inject


def _kill_one(name: str) -> Callable[[Site, Random], Injected]:
    """Kill any process of a unit but its first, as the kernel does where memory runs out."""

    def inject(site: Site, rng: Random) -> Injected:
        unit = site.units[name]
        others = [pid for pid in unit.processes() if pid != _first(unit)]
        if others:
            unit.send(signal.SIGKILL, rng.choice(sorted(others)))
        return Injected(name)

    return inject


def _first(unit: Unit) -> int:
    return unit.process.pid if unit.process else 0


def _cut(name: str) -> Callable[[Site, Random], Injected]:
    def inject(site: Site, _: Random) -> Injected:
        site.forwarders[name].cut()
        return Injected(name)

    return inject


def _lasting(name: str, do: str, least: float, most: float) -> Callable[[Site, Random], Injected]:
    """Have a forwarder do something for a while."""

    def inject(site: Site, rng: Random) -> Injected:
        forwarder = site.forwarders[name]
        getattr(forwarder, do)()
        return Injected(name, rng.uniform(least, most), forwarder.mend)

    return inject


def _lastfm_errs(site: Site, rng: Random) -> Injected:
    site.lastfm.faults.add(LastfmFault(rng.choice(LASTFM_FAULTS), times=rng.randint(1, 3)))
    return Injected("")


SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM}
FAULTS = (
    *(
        Fault(f"{sent} to {unit}", _end(unit, number), 2, kills=True)
        for unit in ("worker", "web", "valkey")
        for sent, number in SIGNALS.items()
    ),
    *(Fault(f"SIGKILL to a process of {unit}", _kill_one(unit), 2, kills=True) for unit in ("worker", "web")),
    *(Fault(f"SIGKILL to {unit}", _end(unit, signal.SIGKILL), kills=True) for unit in ("lookups",)),
    *(Fault(f"connections to {name} cut", _cut(name)) for name in ("valkey",)),
    Fault("Last.fm errs", _lastfm_errs),
)
