"""Words: what numbers and methods are called on a page, as a listener would say it."""

MBID = "mbid"
WAYS = {
    "names": "by its name",
    "title nearly": "title nearly the same",
    "artist nearly": "artist nearly the same",
    "artist and title nearly": "artist and title nearly the same",
    "title under Various Artists": "as an album by Various Artists",
}
# MusicBrainz sets signs as a printer would, Last.fm's listeners as keyboards have them.
PRINTED = str.maketrans("‘’‚‛“”„‟‐‑‒–—―", "''''\"\"\"\"------", "\u200b\u200e\u200f")


def matched(method: str | None, score: float | None) -> str:
    """How an album was found; where names were only alike, how much they are."""
    if method and method.startswith(MBID):
        return "by its MusicBrainz ID"
    way = WAYS.get(method or "", "matched")
    if score is None or "nearly" not in way:
        return way
    return f"{way}, {min(99, round(100 * score))}\u00a0% alike"


def taken_for(title: str, release_group_title: str | None) -> str:
    """What an album was taken for, where that reads otherwise than the album's own title; else nothing."""
    if release_group_title is None or _plain(title) == _plain(release_group_title):
        return ""
    return release_group_title


def _plain(title: str) -> str:
    return " ".join(title.replace("…", "...").translate(PRINTED).casefold().split())


def counted(number: int, noun: str) -> str:
    """The number with its noun: 1 album, 2,000 albums."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def breadth(albums: int, songs: int) -> str:
    """How many albums, and how many songs without one."""
    lone = f"{counted(songs, 'song')} without an album"
    return " and ".join([counted(albums, "album")] * bool(albums or not songs) + [lone] * bool(songs))


def share(part: int, whole: int) -> str:
    """The part in per cent of the whole. Only nothing is 0 %, and only everything is 100 %."""
    if not part or not whole:
        return "0\u00a0%"
    if part == whole:
        return "100\u00a0%"
    tenths = 1000 * part / whole
    if tenths < 1:
        return "under 0.1\u00a0%"
    return f"{min(999, round(tenths)) / 10:.1f}\u00a0%"
