"""The alerts and the dashboard: promtool accepts them, and each alert fires when it should and says what to do."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.promql import MONITORING, ROOT, Matcher, Selector, groupings, promtool, selectors

RULES = Path(__file__).parent / "rules"
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
NAMES = [alert["alert"] for alert in ALERTS]
DASHBOARD: dict[str, Any] = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as they are made of Markdown."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.casefold()).replace(" ", "-") for heading in headings}


def test_promtool_accepts_the_rules() -> None:
    assert f"SUCCESS: {len(ALERTS)} rules found" in promtool("check", "rules", str(MONITORING / "alerts.yml"))


def test_each_alert_fires_when_it_should_and_not_otherwise() -> None:
    files = sorted(RULES.glob("*.yml"))
    assert [file.stem for file in files] == sorted(NAMES)
    for file in files:
        tests = yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
        samples = [one["exp_samples"] for test in tests for one in test["promql_expr_test"]]
        told = [bool(expected) for expected in samples]
        is_patient = any(alert["alert"] == file.stem and "for" in alert for alert in ALERTS)
        assert told == ([True, False, False] if is_patient else [True, False]), f"{file}: when, not yet, and not"
        assert all(f'"{file.stem}"' in one["expr"] for test in tests for one in test["promql_expr_test"])
    promtool("test", "rules", *map(str, files))


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_each_alert_says_what_is_wrong_and_what_to_do(alert: dict[str, Any]) -> None:
    said = alert["annotations"]
    assert said["summary"]
    assert said["description"].endswith(".")
    assert alert["labels"]["severity"] in ("critical", "warning")
    document, _, anchor = said["runbook"].partition("#")
    assert anchor in anchors(ROOT / document)


def test_the_operators_manual_lists_every_alert() -> None:
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(LastYear\w+)`", text, re.MULTILINE)) == sorted(NAMES)


def test_the_dashboards_panels_do_not_overlap_and_are_told_apart() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (place["x"] + column, place["y"] + line) for column in range(place["w"]) for line in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_promtool_can_read_what_the_panels_ask(tmp_path: Path) -> None:
    expressions = [target["expr"] for panel in PANELS for target in panel["targets"]]
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions)
    ]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", str(file))


def test_selectors_are_found_in_promql() -> None:
    expression = 'sum by (le, queue) (rate(a_total{code!~"6|17",x="1"}[5m])) > 0.9e3 * b and absent(c) offset 6m'
    assert list(selectors(expression))[:3] == [
        Selector("a_total", (Matcher("code", "!~", "6|17"), Matcher("x", "=", "1"))),
        Selector("b", ()),
        Selector("c", ()),
    ]
    assert groupings(expression) == {"le", "queue"}
    assert Matcher("code", "!~", "6|17").literals == ["6", "17"]
    assert Matcher("status", "=~", "5..").literals == []
