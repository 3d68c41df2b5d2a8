"""Whatever is typed after `lastyear`: an answer or a sentence, and never a trace."""

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from worker.cli import main

COMMANDS_TYPED = int(os.environ.get("REQUESTS", "400")) // 4
ANYTHING = (
    "",
    "-",
    "--",
    "-1",
    "0",
    "1e999",
    "99999999999999999999",
    "nan",
    "LightLuca",
    "no such file",
    "../../etc/hostname",
    "/",
    "http://[",
    "file:///nowhere",
    "'; DROP TABLE albums; --",
    "\u202e\ufffe水",
    "[red]x[/nothing]",
    "{}",
    "%s%n",
    "a" * 3000,
)
ASKING = settings(
    max_examples=COMMANDS_TYPED,
    database=None,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def commands(group: click.Group, *before: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield (*before, name), command


KNOWN = dict(commands(main))
SPELLINGS = sorted(
    {spelling for command in KNOWN.values() for option in command.params for spelling in option.opts}
)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, with settings that lead nowhere: no command can do anything to anybody."""
    monkeypatch.chdir(tmp_path)
    address = "postgresql://nobody@127.0.0.1:1/nothing"
    environ = {
        "DATABASE_URL": address,
        "MIRROR_URL": address,
        "MIRROR_OWNER_URL": address,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "MUSICBRAINZ_DUMP_URL": "file:///nowhere/",  # a server would be tried again for a minute
        "MUSICBRAINZ_PACKET_URL": "http://127.0.0.1:1/",
        "LASTFM_API_URL": "http://127.0.0.1:1/",
        "LASTFM_WEB_URL": "http://127.0.0.1:1/",
    }
    monkeypatch.setattr("worker.cli.environment", lambda: environ)
    return tmp_path


def test_whatever_is_typed_no_command_breaks(nowhere: Path) -> None:
    words = st.one_of(st.sampled_from(ANYTHING), st.sampled_from(SPELLINGS), st.text(max_size=8))

    @ASKING
    @given(st.sampled_from(sorted(KNOWN)), st.lists(words, max_size=4))
    def type_it(command: tuple[str, ...], arguments: list[str]) -> None:
        result = CliRunner().invoke(main, [*command, *arguments])
        failed = result.exception
        assert failed is None or isinstance(failed, SystemExit), (command, arguments, failed)
        assert "Traceback" not in result.output, (command, arguments)

    type_it()
