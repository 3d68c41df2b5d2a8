"""The groups of an inventory: what is wrong with them is said before anything is touched."""

import importlib.util
from pathlib import Path

import yaml

ANSIBLE = Path(__file__).parents[3] / "ansible"
_spec = importlib.util.spec_from_file_location("groups", ANSIBLE / "filter_plugins/groups.py")
assert _spec
assert _spec.loader
groups = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(groups)

ONE = {"web": ["site"], "mirror": ["site"], "workers": ["site"]}
FOUR = {
    "balancer": ["data"],
    "web": ["web1", "web2"],
    "valkey": ["data"],
    "mirror": ["data"],
    "workers": ["data", "work"],
}


def faults(inventory: dict[str, list[str]], **changes: list[str]) -> list[str]:
    given = {**inventory, **changes}
    everybody = sorted({machine for some in given.values() for machine in some})
    found: list[str] = groups.group_faults({"all": everybody, "ungrouped": [], **given})
    return found


def test_one_machine_may_do_everything_and_several_may_share_it() -> None:
    assert faults(ONE) == faults(FOUR) == []


def test_nothing_goes_without_a_machine() -> None:
    assert faults(ONE, workers=[]) == [
        "hosts.yml: the group workers has no machine. One machine may be in several groups."
    ]


def test_several_machines_with_pages_need_a_balancer() -> None:
    (said,) = faults(FOUR, balancer=[])
    assert "several machines are in the group web, and none in balancer" in said


def test_of_mirror_and_valkey_there_is_one_and_what_there_is_instead_is_named() -> None:
    mirror, valkey = faults(FOUR, mirror=["data", "work"], valkey=["data", "work"])
    assert "mirror should have one machine; lastyear_mirror_url" in mirror
    assert "valkey should have one machine; lastyear_redis_url" in valkey


def test_a_machine_without_anything_to_do_is_named_with_the_group_that_was_meant() -> None:
    assert faults(ONE, balancers=["front"]) == [
        "hosts.yml: front has nothing to do. Did you mean balancer by balancers?"
    ]
    (said,) = faults(ONE, rack=["spare"])
    assert said == "hosts.yml: spare has nothing to do. Put it into one of web, mirror, workers, balancer, valkey."


def test_the_groups_of_the_example_are_right() -> None:
    given = yaml.safe_load((ANSIBLE / "inventories/example/hosts.yml").read_text(encoding="utf-8"))["all"]
    children = {name: list(group["hosts"]) for name, group in given["children"].items()}
    assert groups.group_faults({"all": list(given["hosts"]), "ungrouped": [], **children}) == []
