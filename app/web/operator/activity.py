"""Activity: what the last day and the last month were like, as charts and tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from redis import Redis

from app.charts.time_chart import TimeChart, draw_time_chart
from app.charts.year_axis import Tick
from app.counters.fetched_years import FetchedYear, slowest_and_largest
from app.counters.gauges import read_storage
from app.counters.history import History, PeriodCounts, read_history
from app.settings import Settings
from app.web.operator.measures import ERRORS, Measure, measures

HOUR, DAY = 3600.0, 86400.0  # seconds
LABELLED_HOURS, LABELLED_DAYS = 6, 7  # every so many have a label


@dataclass(frozen=True)
class Figure:
    """A measure over the hours, or over the days."""

    measure: Measure
    span: str
    """`24 hours` or `30 days`."""
    bars: tuple[tuple[float, ...], ...]
    chart: TimeChart
    labels: tuple[Tick, ...]
    rows: tuple[tuple[str, ...], ...]
    """Of the table: when, and the measure's cells."""
    summary: str
    """What the chart says, in words."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.chart.blocks


@dataclass(frozen=True)
class Answer:
    """An answer of no use that Last.fm has given: its code and meaning, how often, and when last."""

    code: str
    meaning: str
    today: int
    this_month: int
    latest: datetime | None


@dataclass(frozen=True)
class Activity:
    """What the page shows."""

    figures: tuple[tuple[Figure, Figure], ...]
    """Of each measure: over the hours and over the days."""
    slowest: tuple[FetchedYear, ...]
    largest: tuple[FetchedYear, ...]
    answers: tuple[Answer, ...]
    is_empty: bool


def read_activity(redis: Redis, settings: Settings, now: datetime) -> Activity:
    """Read what was counted, and draw it. Raises redis.exceptions.RedisError."""
    history, storage = read_history(redis, now), read_storage(redis)
    slowest, largest = slowest_and_largest(redis, now)
    return Activity(
        figures=tuple(
            (
                _figure(one, "24 hours", history.hours, HOUR, now),
                _figure(one, "30 days", history.days, DAY, now),
            )
            for one in measures(settings, storage)
        ),
        slowest=tuple(slowest),
        largest=tuple(largest),
        answers=tuple(_answers(history)),
        is_empty=history.is_empty and storage is None,
    )


def _figure(measure: Measure, span: str, periods: Sequence[PeriodCounts], seconds: float, now: datetime) -> Figure:
    bars = measure.values(periods)
    limit = measure.limit(seconds) if measure.limit else None
    names = [_name(period.start, seconds) for period in periods]
    return Figure(
        measure=measure,
        span=span,
        bars=tuple(map(tuple, bars)),
        chart=draw_time_chart(
            bars, measure.write, limit=limit, shows_limit=measure.shows_limit, lowest_end=measure.lowest_end
        ),
        labels=tuple(_labels(periods, seconds)),
        rows=tuple(
            (name, *measure.row(period, bar)) for name, period, bar in zip(names, periods, bars, strict=True)
        ),
        summary=_summary(measure, span, names, bars),
    )


def _summary(measure: Measure, span: str, names: Sequence[str], bars: Sequence[Sequence[float]]) -> str:
    heights = [sum(bar) for bar in bars]
    begin = f"{measure.title} in the last {span}"
    if not any(heights):
        return f"{begin}: none."
    highest = max(range(len(heights)), key=heights.__getitem__)
    most = f"most {names[highest]}, {measure.write(round(heights[highest], 1))}"
    if not measure.is_sum:
        return f"{begin}: {most}; now {measure.write(round(heights[-1], 1))}."
    totals = [sum(parts) for parts in zip(*bars, strict=True)]
    told = ", ".join(
        f"{measure.write(total)} {series.name}" for total, series in zip(totals, measure.series, strict=True)
    )
    return f"{begin}: {told}; {most}."


def _name(start: datetime, seconds: float) -> str:
    return f"{start:%H}:00" if seconds == HOUR else f"{start.day} {start:%b}"


def _labels(periods: Sequence[PeriodCounts], seconds: float) -> Iterator[Tick]:
    step = 100 / len(periods)
    for place, period in enumerate(periods):
        # Counted back from the latest day, so that it has a label.
        is_labelled = (
            period.start.hour % LABELLED_HOURS == 0
            if seconds == HOUR
            else (len(periods) - 1 - place) % LABELLED_DAYS == 0
        )
        if is_labelled:
            yield Tick(round((place + 0.5) * step, 2), _name(period.start, seconds))


def _answers(history: History) -> Iterator[Answer]:
    others = {code: "another error" for code in history.latest_errors if code not in ERRORS}
    for code, meaning in {**ERRORS, **others}.items():
        this_month = sum(day.count("lastfm_errors", code) for day in history.days)
        if this_month:
            today = sum(hour.count("lastfm_errors", code) for hour in history.hours)
            yield Answer(code, meaning, today, this_month, history.latest_errors.get(code))
