"""A part of a year is read from an address, or refused with what is wrong; and it is called as people call it."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.periods import BadPeriod, Period, months_until, read_period

TODAY = date(2026, 7, 14)
SUMMER = Period(date(2024, 6, 1), date(2024, 8, 31))


def read(**arguments: str) -> Period | None:
    """What an address of 2024 asks for; `since` stands for `from`, which Python keeps for itself."""
    given = {"from" if name == "since" else name: text for name, text in arguments.items()}
    return read_period(given, 2024, TODAY)


def test_a_month_and_days_are_read() -> None:
    assert read() is None
    assert read(of="songs") is None
    assert read(month="7") == read(month="07") == Period(date(2024, 7, 1), date(2024, 7, 31))
    assert read(month="2") == Period(date(2024, 2, 1), date(2024, 2, 29))
    assert read(since="2024-06-01", to="2024-08-31") == SUMMER


def test_one_day_alone_goes_to_the_end_of_the_year_or_begins_with_it() -> None:
    assert read(since="2024-06-01") == Period(date(2024, 6, 1), date(2024, 12, 31))
    assert read(to="2024-08-31") == Period(date(2024, 1, 1), date(2024, 8, 31))


def test_the_same_time_is_the_same_however_it_was_asked_for() -> None:
    july = read(since="2024-07-01", to="2024-07-31")
    assert july == read(month="7")
    assert july is not None
    assert july.parameters == {"month": "7"}
    assert read(since="2024-01-01", to="2024-12-31") is None, "all of it"


@pytest.mark.parametrize(
    ("arguments", "headline"),
    [
        ({"month": "13"}, "There is no month “13”"),
        ({"month": "0"}, "There is no month “0”"),
        ({"month": "x"}, "There is no month “x”"),
        ({"month": ""}, "There is no month “”"),
        ({"month": "７"}, "There is no month “７”"),
        ({"month": "7" * 5000}, f"There is no month “{'7' * 29}…”"),
        ({"month": "7", "since": "2024-06-01"}, "A month or days, not both"),
        ({"month": "13", "to": "nonsense"}, "A month or days, not both"),
        ({"since": "2024-02-30"}, "There is no day “2024-02-30”"),
        ({"since": "2024-W07-1"}, "There is no day “2024-W07-1”"),
        ({"to": "20240601"}, "There is no day “20240601”"),
        ({"since": "0000-01-01"}, "There is no day “0000-01-01”"),
        ({"since": "2023-12-31"}, "31 December 2023 is not in 2024"),
        ({"to": "2025-01-01"}, "1 January 2025 is not in 2024"),
        ({"since": "2024-08-31", "to": "2024-06-01"}, "31 August 2024 is after 1 June 2024"),
    ],
)
def test_what_is_no_part_of_the_year_is_refused_by_name(arguments: dict[str, str], headline: str) -> None:
    with pytest.raises(BadPeriod) as refused:
        read(**arguments)
    assert refused.value.headline == headline
    assert refused.value.advice.endswith(".")


def test_what_is_still_to_come_is_refused_and_what_has_begun_is_not() -> None:
    with pytest.raises(BadPeriod, match="August 2026 is still to come"):
        read_period({"month": "8"}, 2026, TODAY)
    with pytest.raises(BadPeriod, match="15 July to 31 December 2026 is still to come"):
        read_period({"from": "2026-07-15"}, 2026, TODAY)
    assert read_period({"month": "7"}, 2026, TODAY) == Period.of_month(2026, 7)
    assert len(months_until(2026, TODAY)) == 7
    assert len(months_until(2024, TODAY)) == 12


@given(st.dictionaries(st.sampled_from(["month", "from", "to"]), st.text()))
def test_whatever_is_asked_for_is_read_or_refused(arguments: dict[str, str]) -> None:
    try:
        period = read_period(arguments, 2024, TODAY)
    except BadPeriod:
        return
    assert period is None or period.year == 2024


@pytest.mark.parametrize(
    ("period", "name", "during", "stem"),
    [
        (Period.of_year(2024), "2024", "in 2024", "2024"),
        (Period.of_month(2024, 7), "July 2024", "in July 2024", "2024-07"),
        (
            Period(date(2024, 5, 3), date(2024, 5, 3)),
            "3 May 2024",
            "on 3 May 2024",
            "2024-05-03-to-2024-05-03",
        ),
        (
            Period(date(2024, 5, 3), date(2024, 5, 9)),
            "3 to 9 May 2024",
            "from 3 to 9 May 2024",
            "2024-05-03-to-2024-05-09",
        ),
        (SUMMER, "1 June to 31 August 2024", "from 1 June to 31 August 2024", "2024-06-01-to-2024-08-31"),
    ],
)
def test_it_is_called_as_people_call_it(period: Period, name: str, during: str, stem: str) -> None:
    assert (period.name, period.during, period.stem) == (name, during, stem)


def test_its_last_day_is_part_of_it() -> None:
    assert SUMMER.bounds == (datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 9, 1, tzinfo=UTC))
    assert Period.of_month(2023, 12).seconds == (1701388800, 1704067200)


def test_a_month_leads_to_those_around_it_as_far_as_there_are_any() -> None:
    january, july = Period.of_month(2026, 1), Period.of_month(2026, 7)
    assert january.months_around({2025, 2026}, TODAY) == (Period.of_month(2025, 12), Period.of_month(2026, 2))
    assert january.months_around({2026}, TODAY) == (None, Period.of_month(2026, 2))
    assert july.months_around({2026}, TODAY) == (Period.of_month(2026, 6), None)
    assert SUMMER.months_around({2024}, TODAY) == (None, None)
