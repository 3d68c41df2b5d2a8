"""What `make run` says of a service that does not answer."""

import pytest

from app.settings import read_settings
from demo.services import Unreachable, check_reachable


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1:secret",
        "postgresql://me:secret/of two parts@db.example/lastyear",
        "postgresql://me:sec%ret@db.example/lastyear",
    ],
)
def test_a_string_that_cannot_be_read_is_named_without_its_password(url: str) -> None:
    with pytest.raises(
        Unreachable, match=r"^DATABASE_URL .*cannot be reached: .*connection string cannot be read"
    ) as error:
        check_reachable(read_settings({"DATABASE_URL": url}, ()))
    assert "secret" not in str(error.value)
