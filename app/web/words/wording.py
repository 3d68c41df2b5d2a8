"""Wording: the sentences that pages compose, in a listener's words. The templates have those that never vary."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.events import Failure
from app.formatting import age, counted, listed, share, wait
from app.jobs.queues import LineFull, QueueFull
from app.periods import Period
from app.web.words.chart_options import ChartOptions
from app.web.words.summary import Summary

FEW_PLAYS = 20
"""Fewer than these are counted, not told in per cent."""
ABOUT_HALF = 0.515
"""As much of the plays and less is told as half of them."""

QUESTION = "What era does your music come from?"
ANSWER = "Everything you played on Last.fm in a year, by the year it first came out, in one chart."
NOT_COUNTED = "Not counted yet."
BEING_COUNTED = "The plays are still being counted."

MBID = "mbid"
MATCHED_BY = {
    "names": "by artist and title",
    "title nearly": "by a similar title",
    "title without additions": "by its title without additions",
    "artist nearly": "by a similar artist",
    "artist and title nearly": "by a similar artist and title",
    "title under Various Artists": "as an album by Various Artists",
}


class Explanation(NamedTuple):
    """What happened, and in one sentence what a listener can do about it."""

    headline: str
    advice: str


AWAY = Explanation("A part of this site does not answer", "Try again in a minute.")
NOTHING_NEW = Explanation(
    "Nothing new can be read right now", "A part of this site does not answer, so try again in a minute."
)
ONLY_MONTHS_KEPT = Explanation(
    "Single days of this year are not counted any more",
    "Its plays were removed to make room, and only its months were kept, so pick a month; or click on a bar of the"
    " chart, and all plays are read from Last.fm again.",
)
NO_WORKER = (
    "This site reads nothing from Last.fm at the moment, but nothing is lost: leave this page open, and it"
    " goes on by itself."
)
PAUSED = (
    "The operator has paused reading from Last.fm for a while, but nothing is lost: it goes on by itself"
    " afterwards."
)
LOST = "This site does not answer right now; this page goes on by itself as soon as it does."
QUEUE_FULL = Explanation(
    "Too many years are waiting to be read", "They are read one after the other, so try again in a few minutes."
)
LINE_FULL = Explanation(
    "You are waiting for many years already",
    "They are read one after the other, so ask for more when some of them are done.",
)
FAILURES = {
    Failure.NO_SUCH_USER: Explanation(
        "Last.fm knows no listener of that name",
        "Check the spelling, or come back in {again} if the account is new.",
    ),
    Failure.RENAMED: Explanation("This listener has another name now", "Ask for the listener by the new name."),
    Failure.BARRED: Explanation(
        "This listener is not shown here",
        "That was asked for, so nothing is stored or read any more; you can look at somebody else.",
    ),
    Failure.LISTENING_HIDDEN: Explanation(
        "Recent listening is hidden", "It can be shown again in Last.fm’s privacy settings."
    ),
    Failure.LASTFM_AWAY: Explanation(
        "Last.fm does not answer right now", "Open this page again in {again}: we go on where we stopped."
    ),
    Failure.LASTFM_REFUSES: Explanation(
        "Last.fm refuses this site’s key", "Only the operator of this site can mend that, so come back later."
    ),
    Failure.BROKEN: Explanation(
        "Something broke while this was read", "It is in our log, so open this page again in {again}."
    ),
}


def explained(failure: Failure) -> Explanation:
    """Explain why a fetch failed, and what a listener can do."""
    headline, advice = FAILURES[failure]
    seconds = round(failure.retry_after.total_seconds())
    return Explanation(headline, advice.format(again="a minute" if seconds == 60 else wait(seconds)))


def why_full(full: QueueFull) -> Explanation:
    """Explain why nothing more is taken on."""
    return LINE_FULL if isinstance(full, LineFull) else QUEUE_FULL


def not_counted(year: int) -> str:
    """Say what becomes of a year that nobody has asked for yet."""
    return f"As soon as somebody asks, every play of {year} is read and counted by when the music came out."


def of_years(name: str) -> str:
    """Say what a page about all years of a listener is for, where nothing can be said of them yet."""
    return f"Everything {name} played on Last.fm, year after year, by the year it first came out."


def counted_by(options: ChartOptions) -> str:
    """Say by which years a page counts."""
    return "by the year of each song" if options.by_song else "by release year"


def whose(name: str, year: int, *, so_far: bool = False, period: Period | None = None) -> str:
    """Name a listener's year, or a part of it, which may still go on."""
    when = period or Period.of_year(year)
    own = f"{name}’s {when.name}" if when.is_year or when.month else f"{name} {when.during}"
    return own + " so far" * so_far


def headline(summary: Summary) -> str:
    """Say in one sentence what a listener's year comes down to."""
    name, year, years, placed = summary.name, summary.year, summary.years, summary.placed
    during = summary.period.during
    so_far = f" ({summary.so_far})" if summary.so_far else " so far" * (summary.until is not None)
    if not summary.scrobbles:
        return f"{name} played nothing {during}{so_far}, as far as Last.fm knows."
    if not placed and summary.pending:
        are, their = (
            ("is", "Its release year is") if summary.scrobbles == 1 else ("are", "Their release years are")
        )
        plays = summary.so_far.capitalize() or counted(summary.scrobbles, "play")
        return f"{plays} {are} in. {their} still to be looked up."
    if not placed:
        plays = "one play" if summary.scrobbles == 1 else "plays"
        return f"The release year of {name}’s {plays} {during}{so_far} is not known."
    common = max(years, key=lambda one: (years[one], one))
    that_year = "that same year" if common == year else f"in {common}"
    known = " with a known release year" * (summary.unplaced > 0)
    if placed == 1:
        return f"{name}’s one play {during}{so_far}{known} is of music that came out {that_year}."
    music = f"the music{known}{' that' * bool(known)} {name} played {during}{so_far}"
    if years[common] == placed:
        return f"All {music} came out {that_year}."
    when, part = f"by {summary.median}", summary.by_median
    is_of_one_year = 2 * years[common] > placed
    if is_of_one_year:
        when, part = that_year, years[common]
    if placed < FEW_PLAYS:
        are = "is" if part == 1 else "are"
        return f"{part} of {name}’s {placed} plays {during}{so_far}{known} {are} of music that came out {when}."
    if is_of_one_year:
        return f"{summary.share(part)} of {music} came out {when}."
    return f"{'Half' if part < ABOUT_HALF * placed else 'More than half'} of {music} came out {when}."


def description(summary: Summary) -> str:
    """Describe a year for someone who sees only a link to its page."""
    said = headline(summary)
    if not summary.placed:
        return said
    years = f"Middle release year {summary.median}, average age of the music {age(summary.mean_age)}"
    return f"{said} {years}. {coverage(summary)}."


def facts(summary: Summary) -> str:
    """Give the numbers of a year in one line, for a picture."""
    new = f"{summary.share(summary.own)} new in {summary.year}" if summary.own else ""
    known = coverage(summary)
    numbers = (f"Middle year {summary.median}", f"average age {age(summary.mean_age)}", new, f"r{known[1:]}")
    return " · ".join(filter(None, numbers))


def figures(summary: Summary) -> list[tuple[str, str]]:
    """Give the most telling of them each with its name, for boxes in a picture."""
    told = [("Middle year", str(summary.median)), ("Average age", age(summary.mean_age))]
    if summary.own:
        return [*told, (f"New in {summary.year}", summary.share(summary.own))]
    return [*told, ("Most played decade", f"{summary.decade}s")] if summary.decade is not None else told


def coverage(summary: Summary) -> str:
    """Say of how many plays the release year is known, of which all shares are shares."""
    plays = f"{summary.placed:,} of {counted(summary.scrobbles, 'play')}" if summary.unplaced else "every play"
    return f"Release year known for {plays}"


def how_matched(summary: Summary) -> str:
    """Say how many plays got their release year in which way, and why others have none."""
    ways = [(summary.matched, "by the album’s ID or by artist and title")]
    if summary.by_mbid is not None:
        ways = [
            (summary.by_mbid, "by the album’s ID"),
            (summary.matched - summary.by_mbid, "by artist and title"),
        ]
    ways += [
        (summary.fuzzy_matched, "by a similar artist or title"),
        (summary.not_found, "not found"),
        (summary.pending, "not looked up yet"),
    ]
    return ", ".join(f"{plays:,}\u00a0{way}" for plays, way in ways if plays > 0)


def compared(one: Summary, other: Summary) -> str:
    """Say in one sentence what the same year of two listeners comes down to; empty where one has no median."""
    if one.median is None or other.median is None:
        return ""
    known = ", of the music with a known release year," * bool(one.unplaced or other.unplaced)
    if one.median == other.median:
        both = f"half of {one.name}’s music and half of {other.name}’s"
        if known:
            both = f"half of {one.name}’s and half of {other.name}’s"
        return f"{one.period.opening}{known} {both} came out by {one.median}."
    older, younger = sorted((one, other), key=lambda summary: summary.median or 0)
    half = f"half of {older.name}’s{'' if known else ' music'} came out by {older.median}"
    return f"{one.period.opening}{known} {half}, half of {younger.name}’s by {younger.median}."


def matched(method: str | None, score: float | None) -> str:
    """Say how an album was recognised; where names were only alike, how much they are."""
    if method and method.startswith(MBID):
        return "by the ID that the player sent along"
    way = MATCHED_BY.get(method or "", "recognised")
    return f"{way}, {min(99, round(100 * score))}\u00a0% alike" if score is not None and "similar" in way else way


def found(status: str, method: str | None, score: float | None) -> str:
    """Say in a sentence how an album was recognised, or why not."""
    if status == "pending":
        return "Not looked up yet: our copy of MusicBrainz did not answer."
    if status == "not_found":
        return "Not found: MusicBrainz has no album of this name by this artist, or no date for it."
    way = matched(method, score)
    return f"{way[0].upper()}{way[1:]}."


def spellings(count: int, *, is_by_various: bool) -> str:
    """Say under how many names an album was scrobbled, or under how many more than the list says."""
    if is_by_various:
        return f"Scrobbled under {counted(count, 'name')}"
    return f"Also scrobbled as {counted(count - 1, 'other')}"


def kinds(albums: int, apart: int, songs: int) -> str:
    """Say how many albums, how many songs of other albums and how many songs without an album there are."""
    told = [
        text
        for count, text in (
            (albums or not (apart or songs), counted(albums, "album")),
            (apart, f"{counted(apart, 'song')} of other albums"),
            (songs, f"{counted(songs, 'song')} without an album"),
        )
        if count
    ]
    return listed(told)


def decades(columns: Sequence[str], plays: Sequence[int], median: int | None) -> str:
    """Say what a listening year is made of: its middle year and the three decades with the most plays."""
    whole = sum(plays)
    top = sorted((-count, nth) for nth, count in enumerate(plays) if count)[:3]
    most = ", ".join(f"{columns[nth]} {share(-count, whole)}" for count, nth in top)
    return f"Middle year {median}; most plays: {most}"


def median_moved(medians: Mapping[int, int], *, is_known: bool = True) -> str:
    """Say by when half of the music had come out in the first listening year and in the last; empty without any.

    `is_known` tells whether that is half of all of it, or of what has a known release year.
    """
    if not medians:
        return ""
    first, last = min(medians), max(medians)
    half = f"half of the music{' with a known release year' * (not is_known)} came out by"
    if first == last:
        return f"In {last} {half} {_years_before(medians[last], last)}."
    then, now = (_years_before(medians[year], year) for year in (first, last))
    return f"In {first} {half} {then}; in {last} by {now}."


def _years_before(median: int, year: int) -> str:
    """Name a middle year, and how long it was ago in a listening year."""
    return f"{median}, {counted(year - median, 'year')} before" if median < year else str(median)
