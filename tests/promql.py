"""PromQL as far as the alerts and the dashboard use it, and promtool, which knows all of it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MONITORING = ROOT / "docs" / "monitoring"

_SELECTOR = re.compile(r'([a-zA-Z_:][\w:]*)(\{(?:[^{}"]|"[^"]*")*\})?')
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_WORDS = frozenset({"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"})


@dataclass(frozen=True)
class Matcher:
    """What a selector asks of a label."""

    label: str
    operator: str
    value: str

    @property
    def literals(self) -> list[str]:
        """The values that it names, of which each has to be there; none where it is a pattern."""
        if "~" not in self.operator:
            return [self.value]
        parts = self.value.split("|")
        return parts if all(re.fullmatch(r"\w+", part) for part in parts) else []


@dataclass(frozen=True)
class Selector:
    """A metric that an expression names, and what it asks of its labels."""

    metric: str
    matchers: tuple[Matcher, ...]


def selectors(expression: str) -> Iterator[Selector]:
    """Every selector of an expression."""
    without_groupings = _GROUPING.sub(" ", expression)
    without_times = re.sub(r"\[[^]]*\]", " ", without_groupings)
    for found in _SELECTOR.finditer(without_times):
        name, braces = found[1], found[2] or ""
        is_function = without_times[found.end() :].lstrip().startswith("(") and not braces
        if is_function or name in _WORDS or without_times[found.start() - 1 : found.start()].isdigit():
            continue
        yield Selector(name, tuple(Matcher(*one.groups()) for one in _MATCHER.finditer(braces)))


def groupings(expression: str) -> set[str]:
    """The labels by which it groups."""
    lists = (found[1] for found in _GROUPING.finditer(expression))
    return {label.strip() for labels in lists for label in labels.split(",") if label.strip()}


def promtool(*arguments: str, said: str | None = None) -> str:
    """Run promtool and return what it says. Fails if it finds fault, and where there is none."""
    program = _program()
    if program is None:
        pytest.fail("promtool is missing: run tests/install-promtool, or install Prometheus")
    done = subprocess.run([program, *arguments], input=said, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _program() -> str | None:
    ours = ROOT / ".venv" / "bin" / "promtool"
    return str(ours) if ours.exists() else shutil.which("promtool")
