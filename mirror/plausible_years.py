"""Which release years are plausible; any other is taken for a typing error at MusicBrainz."""

from datetime import UTC, datetime

EARLIEST_RELEASE_YEAR = 1860  # the year of the oldest sound recording


def latest_release_year() -> int:
    """Next year: some albums are announced that far ahead."""
    return datetime.now(UTC).year + 1
