"""How long each stage of a provision takes, told while it happens and again at the end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

TAKEN: list[tuple[str, float]] = []


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Something that takes minutes; also its failure is told with them."""
    print(f"\n{name} ...", flush=True)
    began, how = time.monotonic(), "failed"
    try:
        yield
        how = "done"
    finally:
        minutes = (time.monotonic() - began) / 60
        TAKEN.append((name if how == "done" else f"{name} ({how})", minutes))
        print(f"{name}: {how} in {minutes:.2f} min", flush=True)


def table() -> Iterator[str]:
    """A line per stage, and their sum."""
    stages = [*TAKEN, ("in all", sum(minutes for _, minutes in TAKEN))]
    width = max(len(name) for name, _ in stages)
    return (f"{name:<{width}}  {minutes:6.2f} min" for name, minutes in stages)
