"""The groups of the inventory: find what is wrong with them before anything is touched."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

NEEDED = ("web", "mirror", "workers")
SINGLE = {
    "mirror": "lastyear_mirror_url names replicas of it",
    "valkey": "lastyear_redis_url names one with replicas and sentinels",
}
"""A group of one machine -> what there is for whoever wants more."""
KNOWN = (*NEEDED, "balancer", "valkey")
OF_ANSIBLE = ("all", "ungrouped")


def group_faults(groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a sentence for each fault in the inventory's groups: group -> its machines, as Ansible has them."""
    return [*_missing(groups), *_too_many(groups), *_idle(groups)]


def _missing(groups: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name in NEEDED:
        if not groups.get(name):
            yield f"hosts.yml: the group {name} has no machine. One machine may be in several groups."
    if len(groups.get("web", ())) > 1 and not groups.get("balancer"):
        yield "hosts.yml: several machines are in the group web, and none in balancer, at which visitors arrive."


def _too_many(groups: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, instead in SINGLE.items():
        if len(groups.get(name, ())) > 1:
            yield f"hosts.yml: the group {name} should have one machine; {instead}."


def _idle(groups: Mapping[str, Sequence[str]]) -> Iterator[str]:
    busy = {machine for name in KNOWN for machine in groups.get(name, ())}
    for machine in groups.get("all", ()):
        if machine in busy:
            continue
        in_vain = [name for name, some in groups.items() if machine in some and name not in OF_ANSIBLE]
        near = [(name, match) for name in in_vain for match in get_close_matches(name, KNOWN, n=1)]
        advice = (
            f"Did you mean {near[0][1]} by {near[0][0]}?" if near else f"Put it into one of {', '.join(KNOWN)}."
        )
        yield f"hosts.yml: {machine} has nothing to do. {advice}"


class FilterModule:
    """The filters that Ansible finds here."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name -> filter."""
        return {"group_faults": group_faults}
