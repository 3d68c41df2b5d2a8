"""Documentation is tested: what README and .env.example list is what the code has."""

import re
from pathlib import Path

from app.settings import NOTHING, VARIABLES
from worker.command import main, read_env_file

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(first_cell: str) -> list[list[str]]:
    """The cells of those README table rows whose first cell matches."""
    lines = [line.strip("|").split("|") for line in README.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in cells] for cells in lines if re.fullmatch(first_cell, cells[0].strip())]


def default_of(name: str) -> str:
    default = VARIABLES[name].default
    if default in (NOTHING, ""):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_settings_table_is_what_the_code_reads() -> None:
    described = [[f"`{name}`", default_of(name), field.description] for name, field in VARIABLES.items()]
    assert rows(r"`[A-Z_]+`") == described


def test_the_example_environment_names_every_variable_and_no_other() -> None:
    assert list(read_env_file(ROOT / ".env.example")) == list(VARIABLES)


def test_the_example_environment_explains_every_variable() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert all(re.search(rf"^# .+\n{name}=", text, re.MULTILINE) for name in VARIABLES)


def test_the_make_targets_are_those_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(cells[0] for cells in rows(r"`make [a-z-]+`")) == sorted(f"`make {name}`" for name in targets)


def test_every_command_of_lastyear_is_listed() -> None:
    mirror = main.commands["mirror"]
    names = [name for name in main.commands if name != "mirror"]
    names += [f"mirror {name}" for name in mirror.commands]  # type: ignore[attr-defined]  # it is a group
    listed = [" ".join(re.findall(r"[a-z]+", cells[0])[1:]) for cells in rows(r"`lastyear .+`")]
    assert sorted(listed) == sorted(names)


def test_the_folder_map_names_every_folder() -> None:
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    listed = {cells[0].strip("`").split("/")[0] for cells in rows(r"`[a-z]+/.*`")}
    assert listed == {name for name in there if not name.endswith(".egg-info") and name != "build"}
