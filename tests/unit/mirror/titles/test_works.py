"""What classical works are called."""

import pytest

from mirror.titles.works import cut_work, is_work, work_key


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Symphony No. 3 in C minor, Op. 36 “Sorrowful Songs”", "symphonyno3"),
        ("Symphonie Nr. 3 c-Moll op. 36", "symphonyno3"),
        ("String Quartet No. 8, Op. 59 No. 2", "stringquartetno8"),
        ("Cello Suites, BWV 1007-1012", "cellosuites"),
        ("Études, Opp. 10 & 25", "etudes"),
        ("Piano Concerto no. 21, K. 467", "pianoconcertono21"),
        ("Requiem (K. 626)", "requiem"),
        ("Abbey Road", ""),
        ("", ""),
    ],
)
def test_a_work_is_known_by_its_kind_and_number(title: str, expected: str) -> None:
    assert work_key(title) == expected


@pytest.mark.parametrize("title", ["Symphony", "Bitter Suite", "Sonatas and Partitas"])
def test_a_kind_of_work_makes_a_title_that_of_a_work(title: str) -> None:
    assert is_work(title)


@pytest.mark.parametrize("title", ["Alone in C minor", 'Alone "at Night"', "Symphony", "Op. 36", "Symphony No. 3"])
def test_what_does_not_end_like_a_work_is_not_cut(title: str) -> None:
    assert cut_work(title) is None
