"""Periods: a part of a listening year, which is a month or goes from one day to another; in UTC, as years do."""

import re
from calendar import month_name, monthrange
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

MONTH, FROM, TO = "month", "from", "to"
"""What an address calls them."""
MAX_REPEATED = 30  # letters of a wrong value that its error repeats


class BadPeriod(ValueError):
    """An address asks for no part of its year: what is wrong, and what to ask for instead."""

    def __init__(self, headline: str, advice: str) -> None:
        super().__init__(headline)
        self.headline, self.advice = headline, advice


@dataclass(frozen=True)
class Period:
    """Some days of one year in a row, the first and the last one included."""

    first: date
    last: date

    @classmethod
    def of_year(cls, year: int) -> Self:
        """Return all of a year."""
        return cls(date(year, 1, 1), date(year, 12, 31))

    @classmethod
    def of_month(cls, year: int, month: int) -> Self:
        """Return a month."""
        return cls(date(year, month, 1), date(year, month, monthrange(year, month)[1]))

    @property
    def year(self) -> int:
        """The year that it is a part of."""
        return self.first.year

    @property
    def is_year(self) -> bool:
        """Whether it is all of the year."""
        return self == Period.of_year(self.year)

    @property
    def month(self) -> int | None:
        """Which month it is; None if it is another time."""
        return self.first.month if self == Period.of_month(self.year, self.first.month) else None

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """Its first moment, and the first one after it."""
        first, after = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (self.first, self.last))
        return first, after + timedelta(days=1)

    @property
    def seconds(self) -> tuple[int, int]:
        """The same in UNIX seconds."""
        start, end = self.bounds
        return int(start.timestamp()), int(end.timestamp())

    @property
    def name(self) -> str:
        """What a page calls it: 2024, July 2024, 3 May 2024, 1 June to 31 August 2024."""
        if self.is_year:
            return str(self.year)
        if self.month:
            return f"{month_name[self.month]} {self.year}"
        if self.first == self.last:
            return written(self.first)
        first = str(self.first.day) if self.first.month == self.last.month else _day(self.first)
        return f"{first} to {written(self.last)}"

    @property
    def during(self) -> str:
        """When something was played in it: in July 2024, on 3 May 2024, from 1 June to 31 August 2024."""
        if self.is_year or self.month:
            return f"in {self.name}"
        return f"{'on' if self.first == self.last else 'from'} {self.name}"

    @property
    def opening(self) -> str:
        """The same where a sentence begins: In July 2024."""
        return self.during[0].upper() + self.during[1:]

    @property
    def stem(self) -> str:
        """How the name of a file tells it: 2024, 2024-07, 2024-06-01-to-2024-08-31."""
        if self.is_year:
            return str(self.year)
        return f"{self.first:%Y-%m}" if self.month else f"{self.first}-to-{self.last}"

    @property
    def parameters(self) -> dict[str, str]:
        """Its part of an address, by name."""
        if self.is_year:
            return {}
        return {MONTH: str(self.month)} if self.month else {FROM: str(self.first), TO: str(self.last)}

    def months_around(self, years: Container[int], today: date) -> "tuple[Period | None, Period | None]":
        """Return the months before and after it, where they lie in one of the years and have begun."""
        if self.month is None:
            return None, None
        days = (self.first - timedelta(days=1), self.last + timedelta(days=1))
        before, after = (
            Period.of_month(day.year, day.month) if day.year in years and day <= today else None for day in days
        )
        return before, after


def months_until(year: int, today: date) -> list[Period]:
    """Return the months of a year that have begun."""
    months = (Period.of_month(year, month) for month in range(1, 13))
    return [month for month in months if month.first <= today]


def read_period(arguments: Mapping[str, str], year: int, today: date) -> Period | None:
    """Read which part of the year an address asks for; None for all of it. Raises BadPeriod."""
    month, first, last = (arguments.get(name) for name in (MONTH, FROM, TO))
    if month is None and first is None and last is None:
        return None
    if month is None:
        period = _days(first, last, year)
    elif first is None and last is None:
        period = _month(month, year)
    else:
        days = Period.of_month(year, 7)
        raise BadPeriod(
            "A month or days, not both", f"Ask for {MONTH}=7, or for {FROM}={days.first} and {TO}={days.last}."
        )
    if period.first > today:
        raise BadPeriod(f"{period.name} is still to come", f"Ask for a time up to today, {written(today)}.")
    return None if period.is_year else period


def written(day: date) -> str:
    """Write a day: 3 May 2024."""
    return f"{_day(day)} {day.year}"


def _month(text: str, year: int) -> Period:
    if re.fullmatch("0?[1-9]|1[0-2]", text):
        return Period.of_month(year, int(text))
    raise BadPeriod(f"There is no month “{_cut(text)}”", f"Months go from 1 to 12: {MONTH}=7 is July.")


def _days(first: str | None, last: str | None, year: int) -> Period:
    """Read the first and the last day; without one of them it is the year's."""
    whole = Period.of_year(year)
    period = Period(
        whole.first if first is None else _read_day(FROM, first, year),
        whole.last if last is None else _read_day(TO, last, year),
    )
    if period.first > period.last:
        raise BadPeriod(
            f"{written(period.first)} is after {written(period.last)}",
            f"Put the earlier day first: {FROM}={period.last} and {TO}={period.first}.",
        )
    return period


def _read_day(name: str, text: str, year: int) -> date:
    try:
        # Weeks and days without dashes, which the function takes as well, are nobody's way to write a day here.
        day = date.fromisoformat(text if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else "")
    except ValueError:
        raise BadPeriod(
            f"There is no day “{_cut(text)}”", f"Write a day as year, month and day: {name}={year}-06-01."
        ) from None
    if day.year != year:
        raise BadPeriod(f"{written(day)} is not in {year}", f"Pick days of {year}, or open the year {day.year}.")
    return day


def _day(day: date) -> str:
    return f"{day.day} {month_name[day.month]}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_REPEATED else text[: MAX_REPEATED - 1] + "…"
