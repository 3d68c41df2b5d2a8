"""One judgement of the mirror, for `mirror status`, the doctor and the operator's dashboard."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mirror.derived.names import FOLDING_RULES
from mirror.errors import SchemaChanged
from mirror.replication.judgement import Remedy, Verdict, judge
from mirror.state import MirrorState

NOW = datetime(2026, 9, 28, 12, 0, tzinfo=UTC)
JUST_IMPORTED = MirrorState(
    profile="albums",
    export_stamp="20260905-120000",
    schema_sequence=31,
    replication_sequence=190_000,
    names_rules=FOLDING_RULES,
    release_groups=4_500_000,
    imported_at=NOW - timedelta(minutes=2),
    packets=0,
    drift=0,
    replicated_to=None,
    last_error=None,
    last_error_at=None,
)


def test_a_new_import_is_well_and_says_what_replication_still_has_to_catch_up() -> None:
    judged = judge(JUST_IMPORTED, follows=True, now=NOW)
    assert judged.verdict == Verdict.WELL
    assert judged.seen == "albums, as of 23 d 0 h ago, imported 2 min ago, 23 d 0 h still to catch up"
    counted = judge(JUST_IMPORTED, follows=True, replicating=True, behind=556, now=NOW)
    assert counted.verdict == Verdict.WELL
    assert counted.seen.endswith(", packets are being applied, 23 d 0 h (556 packets) still to catch up")


def test_without_replication_nothing_is_overdue() -> None:
    judged = judge(JUST_IMPORTED, follows=False, now=NOW + timedelta(days=400))
    assert (judged.verdict, judged.seen) == (Verdict.WELL, "albums, export 20260905-120000, not replicated")


@pytest.mark.parametrize(
    ("hours", "replicating", "verdict", "remedy"),
    [
        (5, False, Verdict.WELL, Remedy.NOTHING),
        (7, False, Verdict.WARNING, Remedy.REPLICATE),
        (7, True, Verdict.WELL, Remedy.NOTHING),
        (37, False, Verdict.ILL, Remedy.REPLICATE),
        (37, True, Verdict.WARNING, Remedy.WAIT),
    ],
)
@pytest.mark.parametrize("since", ["its import", "its last packet"])
def test_what_should_have_caught_up_by_now_is_overdue(
    since: str, hours: int, replicating: bool, verdict: Verdict, remedy: Remedy
) -> None:
    then = NOW - timedelta(hours=hours)
    imported = replace(JUST_IMPORTED, imported_at=then)
    followed = replace(JUST_IMPORTED, imported_at=NOW - timedelta(days=20), packets=9, replicated_to=then)
    state = imported if since == "its import" else followed
    judged = judge(state, follows=True, replicating=replicating, now=NOW)
    assert (judged.verdict, judged.remedy) == (verdict, remedy)


def test_an_error_is_a_warning_right_after_an_import_too() -> None:
    judged = judge(replace(JUST_IMPORTED, last_error="the token is refused"), follows=True, now=NOW)
    assert (judged.verdict, judged.remedy) == (Verdict.WARNING, Remedy.REPLICATE)


@pytest.mark.parametrize(("hours", "verdict"), [(1, Verdict.WARNING), (37, Verdict.ILL)])
def test_after_a_change_of_the_schema_no_packet_helps(hours: int, verdict: Verdict) -> None:
    then = NOW - timedelta(hours=hours)
    error = str(SchemaChanged("this packet has 32, the mirror 31"))
    state = replace(JUST_IMPORTED, imported_at=then, packets=9, replicated_to=then, last_error=error)
    judged = judge(state, follows=True, now=NOW)
    assert (judged.verdict, judged.remedy) == (verdict, Remedy.UPDATE)
    assert judged.seen.endswith("; MusicBrainz has changed its schema")


def test_an_index_of_other_rules_is_to_be_imported_again() -> None:
    judged = judge(replace(JUST_IMPORTED, names_rules="of old"), follows=False, now=NOW)
    assert (judged.verdict, judged.remedy) == (Verdict.ILL, Remedy.IMPORT)
