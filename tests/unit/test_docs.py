"""Documentation is tested: what README, docs/ and .env.example list is what the code has."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import get_args

import click
import pytest
from flask import Flask

from app import VERSION
from app.settings import NOTHING, VARIABLES, read_settings
from app.web import create_app
from demo.cover_art.stand_in import COVER_FAULTS
from demo.lastfm.accounts import Oddity
from demo.lastfm.fault_kinds import FAULT_KINDS
from demo.lastfm.faults import Fault
from mirror.matching.query import MATCH_METHODS
from mirror.matching.reasons import Reason
from worker.cli import main, read_env_file
from worker.histories.release_years import SONG

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
SETTINGS, HTTP, OPERATING, CONTRIBUTING, STAND_IN, HISTORIES = (
    ROOT / "docs" / f"{name}.md"
    for name in ("settings", "http", "operating", "contributing", "stand-in", "histories")
)
LONGEST_README = 120  # lines: a screen and a half


def rows(document: Path, first_cell: str) -> list[list[str]]:
    """The cells of those table rows of the document whose first cell matches."""
    text = document.read_text(encoding="utf-8")
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in cells] for cells in lines if re.fullmatch(first_cell, cells[0].strip())]


def default_of(name: str) -> str:
    default = VARIABLES[name].default
    if default in (NOTHING, ""):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_settings_table_is_what_the_code_reads() -> None:
    described = [[f"`{name}`", default_of(name), field.description] for name, field in VARIABLES.items()]
    assert rows(SETTINGS, r"`[A-Z_]+`") == described


def test_the_example_environment_names_every_variable_and_no_other() -> None:
    assert list(read_env_file(ROOT / ".env.example")) == list(VARIABLES)


def test_the_example_environment_explains_every_variable() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    explained = {name: line for line, name in re.findall(r"^# (.+)\n([A-Z_]+)=", text, re.MULTILINE)}
    assert explained == {name: (field.description or "").replace("`", "") for name, field in VARIABLES.items()}


def test_the_make_targets_are_those_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    listed = [cells[0] for cells in rows(CONTRIBUTING, r"`make [a-z-]+`")]
    assert sorted(listed) == sorted(f"`make {name}`" for name in targets)


def test_every_command_of_lastyear_is_listed() -> None:
    groups = {name: one for name, one in main.commands.items() if isinstance(one, click.Group)}
    names = [name for name in main.commands if name not in groups]
    names += [f"{group} {name}" for group, one in groups.items() for name in one.commands]
    listed = [" ".join(re.findall(r"[a-z-]+", cells[0])[1:]) for cells in rows(OPERATING, r"`lastyear .+`")]
    assert sorted(listed) == sorted(names)


def test_every_way_in_which_a_play_of_a_history_is_found_is_listed() -> None:
    [[_, described]] = rows(HISTORIES, "`found_by`")
    ways = [way.removesuffix(": ...") for way in re.findall(r"`([^`]+)`", described)]
    assert sorted(ways) == sorted([*MATCH_METHODS, SONG])


def test_the_reasons_in_the_example_of_a_history_are_worded_as_they_are_printed() -> None:
    shown = re.findall(r"^ ?\d+  (.+)$", HISTORIES.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(shown) == 4
    assert set(shown) <= {reason.sentence for reason in Reason}


def test_every_fault_and_oddity_of_the_stand_in_is_listed() -> None:
    choices = {each.name for each in fields(Fault)} - {"kind", "seconds", "amount", "status"}
    kinds = {re.sub(r"^error\d+$", "errorN", kind) for kind in FAULT_KINDS}
    names = [name for cells in rows(STAND_IN, "`.+") for name in re.findall(r"`(\w+)`", cells[0])]
    assert sorted(names) == sorted([*(choices | kinds | set(get_args(Oddity)) - {""}), *COVER_FAULTS])


def test_the_folder_map_names_every_folder() -> None:
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    listed = {cells[0].strip("`").split("/")[0] for cells in rows(README, r"`[a-z]+/.*`")}
    assert listed == {name for name in there if not name.endswith(".egg-info") and name != "build"}


@pytest.fixture
def site() -> Flask:
    """The site; nothing connects before it is used."""
    address = "postgresql://nobody@127.0.0.1:1/nothing"
    return create_app(
        read_settings({"DATABASE_URL": address, "MIRROR_URL": address, "REDIS_URL": "redis://127.0.0.1:1"})
    )


def test_the_addresses_are_those_of_the_site(site: Flask) -> None:
    cells = " ".join(cells[0] for cells in rows(HTTP, r".*`.*"))
    listed = {address.partition("?")[0] for address in re.findall(r"`(?:POST )?(/[^`]*)`", cells)}
    parts = {"size": "SIZE", "key": "KEY", "name": "NAME", "year": "YEAR", "bar": "1977", "released": "1977"}
    parts["release_group"] = "RELEASE-GROUP"
    served = {
        re.sub(r"<(?:\w+:)?(\w+)>", lambda part: parts[part[1]], rule.rule)
        for rule in site.url_map.iter_rules()
        if rule.endpoint != "static"
    }
    assert served == {address for address in listed if not address.startswith("/operator/")}


def test_every_reason_for_a_missing_release_year_is_listed() -> None:
    assert rows(HTTP, r"`[a-z_]+`")[-len(Reason) :] == [[f"`{reason}`", reason.sentence] for reason in Reason]


def test_readme_is_for_deciding_and_starting() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LONGEST_README


@pytest.mark.parametrize("document", DOCS, ids=lambda document: document.name)
def test_a_document_begins_with_whom_it_is_for_and_readme_leads_to_it(document: Path) -> None:
    title, _, audience = document.read_text(encoding="utf-8").splitlines()[:3]
    assert title.startswith("# ")
    assert audience.startswith("*For who")
    assert f"docs/{document.name}" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", [README, ROOT / "CHANGELOG.md", *DOCS], ids=lambda document: document.name)
def test_what_a_document_links_to_is_there(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]*)?\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_the_changelog_is_headed_by_the_version_of_the_program() -> None:
    versions = re.findall(r"^## ([0-9.]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert (
        versions[0] == tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    )
    assert versions[0] == VERSION.partition("+")[0]
