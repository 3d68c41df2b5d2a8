"""What the alerts and the dashboard ask for is what `/metrics` says of a site that has worked."""

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from demo.lastfm.faults import Fault
from demo.lastfm.stand_in import LastfmStandIn
from tests.promql import MONITORING, groupings, promtool, selectors

Series = dict[str, dict[str, set[str]]]


@pytest.fixture
def said(client: FlaskClient, run_jobs: Callable[[], None], lastfm: LastfmStandIn) -> str:
    """The metrics of a site that has fetched a year, has met with Last.fm's errors, and was asked for nonsense."""
    lastfm.faults.add(Fault("503"), Fault("error8"))
    for path in ("/user/LightLuca/2024", "/user/HiddenHana/2024", "/user/LightLuca", "/nowhere"):
        client.get(path)
    run_jobs()
    client.get("/user/LightLuca/2024")
    client.get("/metrics")
    return client.get("/metrics").text


def series_of(said: str) -> Series:
    """Metric -> label -> its values."""
    found: Series = {}
    for family in text_string_to_metric_families(said):
        for sample in family.samples:
            labels = found.setdefault(sample.name, defaultdict(set))
            for label, value in sample.labels.items():
                labels[label].add(value)
    return found


def expressions() -> dict[str, str]:
    """What each alert and each panel asks."""
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    asked: dict[str, str] = {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}
    dashboard: dict[str, Any] = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            asked[f"{panel['title']}, {target['refId']}"] = target["expr"]
    return asked


def test_every_series_and_label_that_is_asked_for_is_there(said: str) -> None:
    series = series_of(said)
    for where, expression in expressions().items():
        found = list(selectors(expression))
        assert found, where
        for selector in found:
            assert selector.metric in series, (where, selector.metric)
            labels = series[selector.metric]
            for matcher in selector.matchers:
                assert set(matcher.literals) <= labels[matcher.label], (where, matcher)
                assert matcher.label in labels, (where, matcher)
        known = {label for selector in found for label in series[selector.metric]}
        assert groupings(expression) <= known, where


def test_promtool_finds_no_fault_with_the_metrics(said: str) -> None:
    assert promtool("check", "metrics", said=said) == ""


def test_no_name_of_a_listener_appears(said: str) -> None:
    for name in ("luca", "hana", "nowhere"):
        assert name not in said.casefold()
