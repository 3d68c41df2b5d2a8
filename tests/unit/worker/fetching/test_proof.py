"""What answers prove, and what is asked for next, against a Last.fm in memory."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from random import Random

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from app.store.plays.scrobbles import Scrobble
from worker.fetching.proof import MIN_SECONDS, SIZES, Ask, Finding, Search, Stretch
from worker.lastfm.payloads import Rows

HOUR, DAY = 3600, 24 * 3600
YEAR = Stretch(
    int(datetime(2023, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
)
MAY = YEAR.start + 120 * DAY


def history(seconds: Iterable[int]) -> list[Scrobble]:
    """Make a play at each of these seconds; no two are the same play."""
    return [
        Scrobble(datetime.fromtimestamp(second, UTC), "Somebody", f"Take {number}", "Album", None)
        for number, second in enumerate(sorted(seconds))
    ]


def every(minutes: int, count: int, since: int = MAY) -> list[int]:
    return [since + 60 * minutes * number for number in range(count)]


@dataclass
class LastFm:
    """Last.fm in memory: what it has, and what it does wrong."""

    plays: list[Scrobble]
    grants: int = 1000
    serves: Callable[[Ask], bool] = lambda _: True
    hides: Callable[[Scrobble], bool] = lambda _: False
    """What it counts and does not show."""
    miscounts: Callable[[int, int | None], int | None] = lambda _call, total: total
    """What it says in place of its count in the call of this number."""
    before_call: Callable[[int], None] = lambda _: None
    calls: list[Ask] = field(default_factory=list)
    pages: int = 0
    """Calls for further pages of one second."""

    def answer(self, ask: Ask) -> Rows | None:
        """Answer a call, None if it does not serve it. A second that is asked for by pages comes whole."""
        self.calls.append(ask)
        self.before_call(len(self.calls))
        if not self.serves(ask):
            return None
        first, end = (
            bisect_left(self.plays, bound, key=lambda play: play.second)
            for bound in (ask.stretch.start, ask.stretch.end)
        )
        granted = min(ask.size, self.grants)
        total = self.miscounts(len(self.calls), end - first)
        self.pages += max(0, -(-(end - first) // granted) - 1) if ask.by_pages else 0
        listed = self.plays[first if ask.by_pages else max(first, end - granted) : end]
        shown = tuple(play for play in listed if not self.hides(play))
        return Rows("Somebody", granted, total if total is None or total >= len(shown) else None, shown)


def walk(
    lastfm: LastFm, search: Search | None = None, *, side_by_side: int = 1, random: Random | None = None
) -> list[Finding]:
    """Answer whatever the search asks, several calls at a time in any order. Returns its findings by time."""
    search = search or Search([Ask(YEAR, SIZES[0])])
    random = random or Random(0)
    running: list[Ask] = []
    findings: list[Finding] = []
    while search.todo or running:
        while search.todo and len(running) < side_by_side:
            running.append(search.next())
        ask = running.pop(random.randrange(len(running)))
        rows = lastfm.answer(ask)
        findings += search.not_served(ask) if rows is None else search.answered(ask, rows)
    return sorted(findings, key=lambda finding: finding.stretch)


def check(findings: Sequence[Finding], asked: Sequence[Stretch] = (YEAR,)) -> None:
    """Every second that was asked for is in one finding, and every play in the one of its time."""
    bounds = [(finding.stretch.start, finding.stretch.end) for finding in findings]
    joined = [bounds[0]]
    for start, end in bounds[1:]:
        assert start >= joined[-1][1], "no second is in two findings"
        joined[-1:] = [(joined[-1][0], end)] if start == joined[-1][1] else [joined[-1], (start, end)]
    assert joined == [(stretch.start, stretch.end) for stretch in asked]
    for finding in findings:
        times = [play.second for play in finding.rows.scrobbles]
        assert all(finding.stretch.start <= second < finding.stretch.end for second in times)


def found(findings: Iterable[Finding]) -> list[Scrobble]:
    return list(chain.from_iterable(finding.rows.scrobbles for finding in findings))


def gaps(findings: Iterable[Finding]) -> list[tuple[int, int, int | None]]:
    """The gaps among the findings, as seconds after the start of May."""
    return [
        (finding.stretch.start - MAY, finding.stretch.end - MAY, finding.missing)
        for finding in findings
        if finding.missing != 0
    ]


def sizes(lastfm: LastFm) -> list[int]:
    return [ask.size for ask in lastfm.calls]


def test_one_answer_proves_a_year_that_fits_into_it() -> None:
    lastfm = LastFm(history(every(10, 999)))
    assert walk(lastfm) == [Finding(YEAR, Rows("Somebody", 1000, 999, tuple(lastfm.plays)))]
    assert sizes(lastfm) == [1000]


@pytest.mark.parametrize("count", [1000, 1001, 3000])
def test_a_full_answer_may_have_a_count_that_was_cut_off_with_its_rows(count: int) -> None:
    lastfm = LastFm(history(every(10, count)), miscounts=lambda at, total: 1000 if at == 1 else total)
    findings = walk(lastfm)
    check(findings)
    assert (found(findings), gaps(findings)) == (lastfm.plays, [])


def test_that_there_is_nothing_is_believed_when_it_is_said_twice() -> None:
    lastfm = LastFm([])
    assert gaps(walk(lastfm)) == []
    assert [ask.stretch for ask in lastfm.calls] == [YEAR, YEAR]


def test_nothing_said_of_a_part_is_believed_at_once_when_the_whole_leaves_nothing_for_it() -> None:
    lastfm = LastFm(history([*every(1, 3000, MAY), *every(1, 3000, MAY + 9 * DAY)]))
    check(walk(lastfm))
    assert len(lastfm.calls) == len({ask.stretch for ask in lastfm.calls})


def test_a_year_of_twelve_thousand_takes_a_call_a_thousand_and_several_at_once() -> None:
    lastfm = LastFm(history(every(40, 12_000, YEAR.start)))
    search, waiting = Search([Ask(YEAR, SIZES[0])]), []
    findings: list[Finding] = []
    while search.todo:
        waiting.append(len(search.todo))
        asks = [search.next() for _ in range(len(search.todo))]
        for ask in asks:
            findings += search.answered(ask, lastfm.answer(ask) or pytest.fail("served"))
    assert sorted(found(findings), key=lambda play: play.second) == lastfm.plays
    assert sum(waiting) <= 15
    assert len(waiting) <= 5, "a round takes as long as one call"


def test_the_oldest_second_of_a_full_answer_may_go_on() -> None:
    lastfm = LastFm(history([*every(1, 998), *[MAY - 60] * 7]))
    findings = walk(lastfm)
    assert found(findings) == lastfm.plays
    assert len(lastfm.calls) == 2


@pytest.mark.parametrize("before", [0, 1, 1500])
@pytest.mark.parametrize("after", [0, 1, 1500])
@pytest.mark.parametrize("same", [999, 1000, 1001, 2500])
def test_one_second_may_have_more_plays_than_an_answer_holds(before: int, after: int, same: int) -> None:
    seconds = [*every(1, before, MAY - 10 * DAY), *[MAY] * same, *every(1, after, MAY + 1)]
    lastfm = LastFm(history(seconds))
    findings = walk(lastfm)
    check(findings)
    assert found(findings) == lastfm.plays
    assert gaps(findings) == []
    assert len(lastfm.calls) + lastfm.pages <= 1.25 * len(seconds) / 1000 + 4


def test_a_play_may_be_of_the_very_first_or_the_very_last_second() -> None:
    lastfm = LastFm(history([YEAR.start, *every(1, 1500), YEAR.end - 1]))
    assert found(walk(lastfm)) == lastfm.plays


def test_plays_that_one_answer_lacks_are_found_by_the_next() -> None:
    lastfm = LastFm(history(every(10, 500)))
    lastfm.hides = lambda play: len(lastfm.calls) == 1 and play.title == "Take 7"
    findings = walk(lastfm)
    assert (found(findings), gaps(findings)) == (lastfm.plays, [])
    assert len(lastfm.calls) == 2


@pytest.mark.parametrize("call", [1, 2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("count", [500, 6000])
def test_an_answer_that_says_that_there_is_nothing_is_not_believed_where_others_say_otherwise(
    count: int, call: int
) -> None:
    lastfm = LastFm(history(every(30, count)))
    lastfm.hides = lambda play: len(lastfm.calls) == call or (len(lastfm.calls) < call and play.title == "Take 7")
    lastfm.miscounts = lambda at, total: 0 if at == call else total
    findings = walk(lastfm)
    check(findings)
    assert (found(findings), gaps(findings)) == (lastfm.plays, [])


@pytest.mark.parametrize("count", [500, 999, 5000])
def test_plays_that_are_never_shown_leave_a_gap_of_minutes(count: int) -> None:
    lastfm = LastFm(history(every(10, count)), hides=lambda play: play.title in ("Take 250", "Take 251"))
    findings = walk(lastfm)
    check(findings)
    assert len(found(findings)) == count - 2
    assert sum(missing or 0 for *_, missing in gaps(findings)) == 2
    assert all(end - start <= MIN_SECONDS for start, end, _ in gaps(findings))
    assert all(start // 600 in (249, 250, 251) for start, *_ in gaps(findings))
    assert len(lastfm.calls) <= 60


@pytest.mark.parametrize("searches", [0, 10])
def test_gaps_are_searched_for_only_so_long_and_all_others_plays_are_read(searches: int) -> None:
    hides = {f"Take {number}" for number in range(50, 12_000, 1000)}
    lastfm = LastFm(history(every(10, 12_000)), hides=lambda play: play.title in hides)
    findings = walk(lastfm, Search([Ask(YEAR, SIZES[0])], searches=searches))
    check(findings)
    assert len(found(findings)) == 12_000 - 12
    assert sum(missing or 0 for *_, missing in gaps(findings)) == 12
    assert max(end - start for start, end, _ in gaps(findings)) > MIN_SECONDS
    assert len(lastfm.calls) <= 30 + 3 * searches


@pytest.mark.parametrize(("count", "calls"), [(0, 2), (1, 7), (500, 7), (999, 7), (1000, 7), (4500, 15)])
def test_a_count_that_is_missing_is_made_up_for_by_a_second_answer_that_shows_the_same(
    count: int, calls: int
) -> None:
    lastfm = LastFm(history(every(10, count)), miscounts=lambda _call, _total: None)
    findings = walk(lastfm)
    check(findings)
    assert (found(findings), gaps(findings)) == (lastfm.plays, [])
    assert len(lastfm.calls) <= calls


def test_answers_without_a_count_that_differ_prove_nothing() -> None:
    lastfm = LastFm(history(every(10, 500)), miscounts=lambda _call, _total: None)
    lastfm.hides = lambda play: play.title == f"Take {len(lastfm.calls)}"
    findings = walk(lastfm)
    check(findings)
    [lost] = set(lastfm.plays) - set(found(findings))
    assert any(start <= lost.second - MAY < end and missing is None for start, end, missing in gaps(findings))


@pytest.mark.parametrize("off", [-900, -1, 1, 5000])
@pytest.mark.parametrize("call", [1, 2, 3, 4, 7])
def test_a_count_that_is_wrong_once_costs_a_call_or_two_and_no_play(call: int, off: int) -> None:
    lastfm = LastFm(
        history(every(30, 6000)), miscounts=lambda at, total: total if at != call else max(0, (total or 0) + off)
    )
    findings = walk(lastfm)
    check(findings)
    assert (found(findings), gaps(findings)) == (lastfm.plays, [])
    assert len(lastfm.calls) <= 7 + 6


@pytest.mark.parametrize("count", [0, 300, 950, 12_000])
@pytest.mark.parametrize("off", [lambda _: 1, lambda _: 4700, lambda call: call, lambda call: 1000 * call])
def test_counts_that_are_always_too_high_leave_gaps_with_all_that_is_shown(
    count: int, off: Callable[[int], int]
) -> None:
    lastfm = LastFm(history(every(10, count)), miscounts=lambda call, total: (total or 0) + off(call))
    findings = walk(lastfm)
    check(findings)
    assert found(findings) == lastfm.plays
    assert gaps(findings)
    assert len(lastfm.calls) <= 300


@pytest.mark.parametrize("call", [2, 3, 5])
@pytest.mark.parametrize("second", [MAY - DAY, MAY + 30 * 60 * 3000 + 7, MAY + 30 * 60 * 5990 + 7])
def test_a_play_that_comes_late_is_in_the_answers_or_was_not_there_yet(call: int, second: int) -> None:
    lastfm = LastFm(history(every(30, 6000)))
    before, after = lastfm.plays, history([*every(30, 6000), second])

    def come(at: int) -> None:
        lastfm.plays = before if at < call else after

    lastfm.before_call = come
    findings = walk(lastfm)
    check(findings)
    assert gaps(findings) == []
    seconds = [play.second for play in found(findings)]
    assert len(seconds) in (6000, 6001)
    assert set(seconds) - {second} == {play.second for play in before}


def test_what_is_not_served_is_asked_for_again_then_with_fewer_rows_then_in_halves() -> None:
    lastfm = LastFm(history(every(10, 40)), serves=lambda ask: ask.stretch.seconds < YEAR.seconds)
    assert found(walk(lastfm)) == lastfm.plays
    assert sizes(lastfm)[:6] == [1000, 1000, 500, 200, 100, 50]
    halves = YEAR.halves()
    assert [ask.stretch for ask in lastfm.calls[6:]] == [*halves, halves[1]] or [
        ask.stretch for ask in lastfm.calls[6:]
    ] == [halves[0], halves[0], halves[1]]


@pytest.mark.parametrize("most", [500, 200, 100, 50])
def test_a_last_fm_that_fails_with_many_rows_is_asked_for_fewer_from_then_on(most: int) -> None:
    lastfm = LastFm(history(every(10, 5000)), serves=lambda ask: ask.size <= most)
    findings = walk(lastfm)
    assert (found(findings), gaps(findings)) == (lastfm.plays, [])
    refused = [ask for ask in lastfm.calls if ask.size > most]
    assert lastfm.calls[: len(refused)] == refused, "only at first"
    assert len(refused) == 1 + SIZES.index(most)
    assert len(lastfm.calls) - len(refused) <= 1.25 * 5000 / most + 3


@pytest.mark.parametrize("grants", [500, 200, 50])
def test_a_last_fm_that_grants_fewer_rows_costs_no_call_more(grants: int) -> None:
    lastfm = LastFm(history(every(10, 5000)), grants=grants)
    findings = walk(lastfm)
    assert (found(findings), gaps(findings)) == (lastfm.plays, [])
    assert len(lastfm.calls) <= 1.25 * 5000 / grants + 3


@pytest.mark.parametrize("count", [300, 5000])
def test_what_is_never_served_is_a_gap_of_minutes_in_a_year_that_is_read_otherwise(count: int) -> None:
    bad = MAY + 600 * 200
    lastfm = LastFm(history(every(10, count)), serves=lambda ask: not ask.stretch.start <= bad < ask.stretch.end)
    findings = walk(lastfm)
    check(findings)
    [(start, end, missing)] = gaps(findings)
    assert start <= bad - MAY < end
    assert end - start <= MIN_SECONDS
    assert missing is None, "nobody has counted them"
    lost = set(lastfm.plays) - set(found(findings))
    assert all(start <= play.second - MAY < end for play in lost)
    assert len(lastfm.calls) <= 60


@pytest.mark.parametrize("number", [60, 300, 700, 1500, 6000])
def test_a_play_that_fails_every_answer_with_it_does_not_make_all_later_answers_small(number: int) -> None:
    lastfm = LastFm(history(every(20, 12_000, YEAR.start)))
    bad = lastfm.plays[-number].second

    def has_it_not(ask: Ask) -> bool:
        times = [play.second for play in lastfm.plays if ask.stretch.start <= play.second < ask.stretch.end]
        return bad not in times[-ask.size :]

    lastfm.serves = has_it_not
    findings = walk(lastfm, side_by_side=4)
    check(findings)
    assert len(found(findings)) == 11_999
    assert len(gaps(findings)) == 1
    assert len(lastfm.calls) <= 120


def test_a_gap_that_is_served_with_few_rows_does_not_slow_down_what_lies_before_it() -> None:
    lastfm = LastFm(
        history(every(1, 6000)), serves=lambda ask: ask.size == 50 or ask.stretch.end <= MAY + 5960 * 60
    )
    assert found(walk(lastfm, Search([Ask(YEAR, 50, is_suspect=True)]))) == lastfm.plays
    assert len(lastfm.calls) <= 20


def test_where_only_few_rows_are_served_at_all_no_more_are_asked_for_in_search_of_a_gap() -> None:
    bad = MAY + 600 * 200
    lastfm = LastFm(history(every(10, 300)))
    lastfm.serves = lambda ask: ask.size <= 200 and not ask.stretch.start <= bad < ask.stretch.end
    findings = walk(lastfm, Search([Ask(part, SIZES[0]) for part in YEAR.cut(MAY)]))
    check(findings)
    assert len(gaps(findings)) == 1
    assert len(found(findings)) >= 297


def test_a_last_fm_that_serves_nothing_leaves_one_gap_after_a_search_with_an_end() -> None:
    lastfm = LastFm(history(every(10, 300)), serves=lambda _: False)
    findings = walk(lastfm)
    check(findings)
    assert {finding.missing for finding in findings} == {None}
    assert len(lastfm.calls) <= 6 + 2 * 60


def test_several_stretches_are_proven_each_for_itself() -> None:
    lastfm = LastFm(history(every(10, 5000)))
    asked = [Stretch(MAY, MAY + DAY), Stretch(MAY + 3 * DAY, MAY + 20 * DAY)]
    findings = walk(lastfm, Search(Ask(stretch, SIZES[0]) for stretch in asked))
    check(findings, asked)
    assert found(findings) == [
        play for play in lastfm.plays if any(one.start <= play.second < one.end for one in asked)
    ]


def evenly(count: int, _: Random) -> list[int]:
    return [YEAR.start + YEAR.seconds * number // count for number in range(count)]


def in_bursts(count: int, random: Random) -> list[int]:
    """In up to twelve evenings, each of an hour or of a day: an import of many plays at once."""
    begun = [random.randrange(YEAR.start, YEAR.end - DAY) for _ in range(random.randint(1, 12))]
    return [random.choice(begun) + random.randrange(random.choice([HOUR, DAY])) for _ in range(count)]


def in_evenings(count: int, random: Random) -> list[int]:
    """One after another with a few minutes between, for some hours, then nothing for days."""
    seconds: list[int] = []
    while len(seconds) < count:
        begun = random.randrange(YEAR.start, YEAR.end - DAY)
        seconds += [begun + 200 * number + random.randrange(60) for number in range(random.randint(5, 120))]
    return seconds[:count]


def within(days: int) -> Callable[[int, Random], list[int]]:
    def seconds(count: int, random: Random) -> list[int]:
        begun = random.randrange(YEAR.start, YEAR.end - days * DAY)
        return [random.randrange(begun, begun + days * DAY) for _ in range(count)]

    return seconds


@settings(max_examples=60, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@example(shape=in_bursts, count=20_000, grants=1000, side_by_side=20, seed=9)
@given(
    shape=st.sampled_from([evenly, in_bursts, in_evenings, within(7), within(1)]),
    count=st.integers(1_000, 60_000),
    grants=st.sampled_from([1000, 500, 200, 100, 50]) | st.integers(50, 1000),
    side_by_side=st.integers(1, 20),
    seed=st.integers(0, 2**32),
)
def test_every_play_of_any_history_is_found_once_in_few_calls(
    shape: Callable[[int, Random], list[int]], count: int, grants: int, side_by_side: int, seed: int
) -> None:
    random = Random(seed)
    lastfm = LastFm(history(shape(count, random)), grants=grants)
    findings = walk(lastfm, side_by_side=side_by_side, random=random)
    check(findings)
    assert found(findings) == lastfm.plays
    assert gaps(findings) == []
    assert len(lastfm.calls) + lastfm.pages <= 1.25 * count / grants + 3


@given(
    seconds=st.lists(
        st.integers(0, 40).map(lambda at: MAY + at) | st.integers(YEAR.start, YEAR.end - 1), max_size=99
    ),
    grants=st.integers(1, 30),
    side_by_side=st.integers(1, 9),
    random=st.randoms(use_true_random=False),
)
def test_plays_that_share_seconds_are_found_once_however_few_rows_are_granted(
    seconds: list[int], grants: int, side_by_side: int, random: Random
) -> None:
    lastfm = LastFm(history(seconds), grants=grants)
    findings = walk(lastfm, side_by_side=side_by_side, random=random)
    check(findings)
    assert found(findings) == lastfm.plays
    assert gaps(findings) == []
