"""What the doctor remembers: what is told, what is not told twice, and what a damaged file does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.doctor.finding import Finding, State, ill, unknown, warning, well
from worker.doctor.memory import FILE, SEVERITY, Known, Memory, Unreadable, compare, read_memory, write_memory

WELL, WARNING, ILL = well("disk", "fine"), warning("disk", "little", "x"), ill("disk", "none", "x")
TURN = {"-": WELL, "w": WARNING, "i": ILL}


def told(turns: str) -> list[str]:
    """What is told at each of these turns of the disk: what has appeared, `gone`, or nothing."""
    known: tuple[Known, ...] = ()
    said = []
    for turn in turns:
        changes = compare(known, [TURN[turn]])
        known = changes.known
        said.append("gone" if changes.gone else "".join(finding.seen for finding in changes.appeared))
    return said


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ("ii", ["", "none"]),
        ("iiii", ["", "none", "", ""]),
        ("ii--", ["", "none", "", "gone"]),
        ("ii-i--", ["", "none", "", "", "", "gone"]),
        ("i-i-i-", ["", "", "", "", "", ""]),
        ("wwii", ["", "little", "", "none"]),
        ("iiww--", ["", "none", "", "", "", "gone"]),
        ("iw", ["", "little"]),
        ("ii--ii", ["", "none", "", "gone", "", "none"]),
    ],
)
def test_two_turns_in_a_row_decide_and_nothing_is_repeated(turns: str, expected: list[str]) -> None:
    assert told(turns) == expected


@given(st.text("-wi", max_size=30))
def test_whatever_comes_and_goes_the_operator_knows_what_has_lasted(turns: str) -> None:
    level, worst = 0, ["-", "little", "none"]
    for before, now, said in zip("-" + turns, turns, told(turns), strict=False):
        lasting = min("-wi".index(before), "-wi".index(now))
        if said == "gone":
            assert (before, now) == ("-", "-")
            level = 0
        elif said:
            assert lasting > level
            level = worst.index(said) if said != TURN[now].seen else lasting
        assert level >= lasting


def test_what_was_not_looked_at_stays_as_it_was() -> None:
    known = (Known(part="app database", state=State.ILL, told=State.ILL),)
    assert compare(known, [WELL]).known == known


def test_units_are_told_one_by_one() -> None:
    def unit(name: str) -> Finding:
        return ill("units", f"{name} has failed", "x", about=name)

    known = compare((), [unit("caddy"), unit("valkey")]).known
    changes = compare(known, [unit("caddy")])
    assert [finding.about for finding in changes.appeared] == ["caddy"]
    assert [finding.about for finding in compare(changes.known, [unit("valkey")]).appeared] == []


def turns(*findings: Finding) -> list[tuple[list[str], list[Known]]]:
    """What has appeared and what is gone at each turn that finds one of these."""
    known: tuple[Known, ...] = ()
    said = []
    for finding in findings:
        changes = compare(known, [finding])
        known = changes.known
        said.append(([one.seen for one in changes.appeared], list(changes.gone)))
    return said


@pytest.mark.parametrize("about", ["", "caddy.service"])
def test_what_cannot_be_looked_at_is_not_told_to_be_well_again(about: str) -> None:
    failed = ill("units", "has failed", "x", about=about)
    silent = unknown("units", "no answer", "x")
    said = turns(failed, failed, silent, silent, silent, failed, failed, failed)
    appeared = [seen for seen, _ in said]
    assert appeared == [[], ["has failed"], [], ["no answer"], [], [], [], []]
    assert [gone for _, gone in said[:-2]] == [[]] * 6
    [again] = said[-2][1]
    assert (again.part, again.about, again.unknown) == ("units", "", True)


def test_two_turns_that_could_look_decide_whatever_was_between_them() -> None:
    failed, fine, silent = ill("units", "has failed", "x"), well("units", "fine"), unknown("units", "?", "x")
    assert [seen for seen, _ in turns(failed, silent, failed)] == [[], [], ["has failed"]]
    gone = [[one.unknown for one in gone] for _, gone in turns(failed, failed, fine, silent, fine)]
    assert gone == [[], [], [], [], [False]]


def test_what_is_well_is_forgotten() -> None:
    assert compare((Known(part="disk", state=State.WARNING),), [WELL]).known == ()


def test_memory_is_kept_in_a_file_of_its_own(tmp_path: Path) -> None:
    assert read_memory(tmp_path) == Memory()
    memory = Memory(known=(Known(part="disk", state=State.ILL),))
    write_memory(tmp_path, memory)
    assert read_memory(tmp_path) == memory
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("content", [b"", b"\x80", b"[]", b'{"known": [{"part"', b'{"known": [{"state": "odd"}]}'])
def test_a_damaged_file_is_noticed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(Unreadable):
        read_memory(tmp_path)


def test_every_state_has_its_place() -> None:
    assert set(SEVERITY) == set(State)
