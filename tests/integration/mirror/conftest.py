"""Fixtures: a published export, and a mirror that has imported it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import fresh_database
from tests.integration.mirror.albums import mirror_of
from tests.integration.mirror.music import TABLES, publish


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with one export and its LATEST."""
    publish(tmp_path / "fullexport")
    return tmp_path / "fullexport"


@pytest.fixture(scope="session")
def imported(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a mirror that holds the published export, to be copied."""
    with mirror_of(TABLES, postgres, tmp_path_factory.mktemp("imported")) as url:
        yield url


@pytest.fixture
def mirror(postgres: str, imported: str) -> Iterator[str]:
    """The URL of a mirror that holds the published export."""
    with fresh_database(postgres, imported) as url:
        yield url
