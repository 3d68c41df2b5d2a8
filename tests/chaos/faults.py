"""The faults: what is done to the site, and undone again where it lasts."""

import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from redis import Redis
from redis.exceptions import RedisError

from demo.lastfm.faults import Fault as LastfmFault
from tests.chaos.site import Site
from tests.chaos.units import Unit

Undo = Callable[[], None]
Inject = Callable[[Site, Random], "Injected"]
LASTFM_FAULTS = ("error8", "error11", "error16", "500", "html", "truncated", "empty", "half", "uncounted")
"""Those after which a run goes on soon."""
LASTS = (3.0, 10.0)  # seconds, of a fault that does not end at once
DAY = 24 * 3600
BALLAST = "chaos:ballast"
BALLAST_BYTES = 100_000  # of each key


@dataclass(frozen=True)
class Injected:
    """What was done: to which unit, and how it is undone, after how many seconds; at once if it does not last."""

    unit: str
    seconds: float = 0.0
    undo: Undo = lambda: None


@dataclass(frozen=True)
class Fault:
    """A kind of fault; the heavier ones come more often. It needs a unit, or what the site calls `needs`."""

    name: str
    needs: str
    inject: Inject
    weight: int = 2
    kills: bool = False


def possible(faults: Iterable[Fault], site: Site) -> tuple[Fault, ...]:
    """Return those of the faults that can be injected on this machine."""
    return tuple(fault for fault in faults if fault.needs in {*site.units, *site.means})


def _send(name: str, number: signal.Signals) -> Inject:
    """Send a signal to the first process of a unit, as systemd does."""

    def inject(site: Site, _: Random) -> Injected:
        site.units[name].send(number)
        return Injected(name)

    return inject


def _kill_one(name: str) -> Inject:
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


def _cut(name: str) -> Inject:
    def inject(site: Site, _: Random) -> Injected:
        site.wires[name].reset()
        return Injected(name)

    return inject


def _refuse(name: str) -> Inject:
    def inject(site: Site, rng: Random) -> Injected:
        site.wires[name].cut()
        return Injected(name, rng.uniform(*LASTS), site.wires[name].mend)

    return inject


def _stall(name: str) -> Inject:
    def inject(site: Site, rng: Random) -> Injected:
        site.wires[name].stall()
        return Injected(name, rng.uniform(*LASTS), site.wires[name].mend)

    return inject


def _fill_valkey(site: Site, rng: Random) -> Injected:
    """Fill Valkey with what it may not evict, up to its limit."""

    def empty() -> None:
        # It may have died meanwhile; what it held is held again once it is back.
        for _ in range(100):
            with suppress(RedisError), Redis.from_url(site.valkey_url, socket_timeout=5) as redis:
                for key in redis.scan_iter(f"{BALLAST}*", count=1000):
                    redis.delete(key)
                return
            time.sleep(0.1)

    with suppress(RedisError), Redis.from_url(site.valkey_url, socket_timeout=5) as redis:
        for number in range(10_000):
            redis.set(f"{BALLAST}:{number}", b"x" * BALLAST_BYTES)
    return Injected("valkey", rng.uniform(*LASTS), empty)


def _fill_disk(site: Site, rng: Random) -> Injected:
    """Fill the disk of the mirror, to the last byte."""
    ballast = site.folder / "mirror" / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 20))
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return Injected("mirror", rng.uniform(*LASTS), lambda: ballast.unlink(missing_ok=True))


def _advance_clock(site: Site, rng: Random) -> Injected:
    """Let every process of the site believe that it is tomorrow."""
    site.set_clock(DAY)
    return Injected("", rng.uniform(*LASTS), lambda: site.set_clock(0))


def _lastfm_errs(site: Site, rng: Random) -> Injected:
    site.lastfm.faults.add(LastfmFault(rng.choice(LASTFM_FAULTS), times=rng.randint(1, 3)))
    return Injected("")


def _signals(unit: str, **numbers: signal.Signals) -> list[Fault]:
    return [Fault(f"{name} to {unit}", unit, _send(unit, number), kills=True) for name, number in numbers.items()]


KILL, TERM, QUIT = signal.SIGKILL, signal.SIGTERM, signal.SIGQUIT
FAULTS = (
    *_signals("worker", SIGKILL=KILL, SIGTERM=TERM),
    *_signals("web", SIGKILL=KILL, SIGTERM=TERM),
    *_signals("valkey", SIGKILL=KILL, SIGTERM=TERM),
    *_signals("lookups", SIGKILL=KILL),
    *_signals("pgbouncer", SIGKILL=KILL, SIGTERM=TERM),
    *_signals("database", SIGKILL=KILL, SIGQUIT=QUIT),
    *_signals("mirror", SIGKILL=KILL, SIGQUIT=QUIT),
    *(
        Fault(f"SIGKILL to a process of {unit}", unit, _kill_one(unit), kills=True)
        for unit in ("worker", "web", "database", "mirror")
    ),
    *(
        Fault(f"connections to {name} {what}", name, inject(name), weight=1)
        for name in ("valkey", "database", "mirror")
        for what, inject in {"cut": _cut, "refused": _refuse, "stalled": _stall}.items()
    ),
    Fault("valkey full", "valkey", _fill_valkey),
    Fault("disk of the mirror full", "small disk", _fill_disk),
    Fault("clock a day ahead", "clock", _advance_clock),
    Fault("Last.fm errs", "worker", _lastfm_errs),
)
