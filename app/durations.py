"""Durations: a length of time as an operator reads it."""

from datetime import timedelta

UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))


def format_duration(time: timedelta) -> str:
    """Format it in the largest unit of which there are at least two: 90 minutes, 36 hours, 3 days."""
    seconds = max(0, round(time.total_seconds()))
    for unit, size in UNITS:
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}s"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
