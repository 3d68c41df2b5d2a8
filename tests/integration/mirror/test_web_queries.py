"""What the pages ask of the mirror: patient for two seconds, and clear about what is not there."""

from uuid import uuid4

import psycopg
import pytest

from mirror import web_queries
from mirror.errors import MirrorAway
from tests.integration.mirror.music import mbid

NOWHERE = "postgresql://somebody:hush-hush@127.0.0.1:1/nothing"


def test_a_mirror_has_a_state_once_something_was_imported(mirror: str, database_url: str) -> None:
    assert web_queries.state(database_url) is None
    state = web_queries.state(mirror)
    assert state is not None
    assert f"{state.as_of:%Y-%m-%d %H:%M:%S %Z}" == "2026-09-05 00:25:19 UTC"


def test_a_mirror_of_another_version_counts_as_empty(mirror: str) -> None:
    with psycopg.connect(mirror, autocommit=True) as connection:
        connection.execute("ALTER TABLE musicbrainz.mirror_state DROP COLUMN drift")
    assert web_queries.state(mirror) is None


def test_an_explanation_follows_a_merge_and_is_none_for_what_is_not_there(mirror: str, database_url: str) -> None:
    explanation = web_queries.explanation(mirror, mbid("merged group"))
    assert explanation is not None
    assert explanation.result.release_group == mbid("rumours")
    assert web_queries.explanation(mirror, uuid4()) is None
    assert web_queries.explanation(database_url, mbid("rumours")) is None


@pytest.mark.parametrize("url", [NOWHERE, f"{NOWHERE}?no=such-option"])
def test_a_mirror_that_cannot_be_reached_is_away(url: str) -> None:
    with pytest.raises(MirrorAway):
        web_queries.state(url)
    with pytest.raises(MirrorAway) as away:
        web_queries.explanation(url, uuid4())
    assert "hush-hush" not in str(away.value)


def test_a_visitor_waits_for_two_seconds_at_most(mirror: str) -> None:
    with psycopg.connect(mirror) as other:
        other.execute("LOCK TABLE musicbrainz.mirror_state IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(MirrorAway, match="statement timeout"):
            web_queries.state(mirror)
