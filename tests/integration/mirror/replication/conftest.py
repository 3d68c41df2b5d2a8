"""A master: the database that a mirror is to be equal to."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.integration.conftest import fresh_database
from tests.integration.mirror.master.master import Master


@pytest.fixture(scope="module")
def master(postgres: str) -> Iterator[Master]:
    """An empty master."""
    with fresh_database(postgres) as url, closing(Master.create(url)) as master:
        yield master
