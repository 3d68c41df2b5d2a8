"""The mirror's tests start from a published export, or from a mirror that has imported it."""

from pathlib import Path

import pytest

from mirror.load import import_export
from tests.integration.mirror.music import publish


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with one export and its LATEST."""
    publish(tmp_path / "fullexport")
    return tmp_path / "fullexport"


@pytest.fixture
def mirror(empty_database: str, published: Path) -> str:
    """The URL of a mirror that holds the published export."""
    import_export(empty_database, str(published))
    return empty_database
