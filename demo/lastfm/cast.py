"""The cast: the invented listeners of the demo and of the tests, and what is odd about each."""

from datetime import UTC, date, datetime

from demo.lastfm.accounts import Account, Oddity, Play
from demo.lastfm.habits import FavouritePeriod, Habit, Taste, midnight


def _habit(
    name: str,
    since: date,
    *periods: FavouritePeriod,
    new_share: float = 0.05,
    plays_a_year: tuple[int, int] = (0, 0),
    exact: tuple[tuple[int, int], ...] = (),
    by_the_clock: bool = False,
    months: range = range(1, 13),
) -> Habit:
    return Habit(Taste(name, periods, new_share), since, plays_a_year, exact, by_the_clock, months)


def _tapes(since: str, count: int, *, step: int = 0, oddity: Oddity = "") -> tuple[Play, ...]:
    """Make plays of one album, one every `step` seconds."""
    start = int(datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp())
    return tuple(
        Play(start + step * index, "Kellerassel Quintett", f"Take {index + 1}", "Attic Tapes", "", oddity)
        for index in range(count)
    )


ABBEY_ROAD = (
    ("The Beatles", "Abbey Road"),
    ("The Beatles", "abbey road"),
    ("Beatles", "Abbey Road (Remastered)"),
    ("The Beatles", "Abbey Road (Super Deluxe Edition)"),
    ("The Beatles", "1969 - Abbey Road [FLAC]"),
    ("BEATLES", "Abby Road"),
)
"""One album as players spell it."""
NUGGETS = "Nuggets: Original Artyfacts From the First Psychedelic Era 1965-1968"
NUGGETS_SONGS = (
    ("The Electric Prunes", "I Had Too Much to Dream (Last Night)"),
    ("The Standells", "Dirty Water"),
    ("Count Five", "Psychotic Reaction"),
    ("The Seeds", "Pushin' Too Hard"),
    ("The Strangeloves", "Night Time"),
    ("The Knickerbockers", "Lies"),
    ("The Vagrants", "Respect"),
    ("Mouse and the Traps", "A Public Execution"),
    ("The Castaways", "Liar, Liar"),
    ("The 13th Floor Elevators", "You're Gonna Miss Me"),
    ("The Shadows of Knight", "Oh Yeah"),
    ("The Amboy Dukes", "Baby Please Don't Go"),
    ("The Remains", "Don't Look Back"),
    ("Nazz", "Open My Eyes"),
)
"""A compilation's songs: Last.fm files the album under the artist of each."""


def _spellings() -> tuple[Play, ...]:
    """Make plays of an album under six spellings, of a compilation under its artists, of one that nobody knows."""
    songs = ("Come Together", "Something", "Here Comes the Sun")
    played = [
        (artist, song, album) for number, (artist, album) in enumerate(ABBEY_ROAD) for song in (songs * 2)[number:]
    ]
    played += [(artist, song, NUGGETS) for artist, song in NUGGETS_SONGS]
    unknown = (("Kellerassel Quintett", "Attic Tapes"), ("kellerassel quintett", "ATTIC TAPES!"))
    played += [(artist, "Take 1", album) for artist, album in unknown]
    start = midnight(date(2024, 3, 1))
    return tuple(Play(start + 240 * index, *names, "") for index, names in enumerate(played))


ACCOUNTS = (
    Account(
        "HeavyHelen",
        datetime(2019, 2, 11, 18, 4, 9, tzinfo=UTC),
        _habit(
            "HeavyHelen",
            date(2019, 2, 12),
            FavouritePeriod(1975, 5, 0.5),
            FavouritePeriod(1996, 4, 0.4),
            new_share=0.08,
            plays_a_year=(9_000, 13_000),
            exact=((2024, 12_100),),
        ),
        own=(
            Play(0, "Kellerassel Quintett", "Take 1", "Attic Tapes", ""),
            Play(0, "Kellerassel Quintett", "Take 2", "Attic Tapes", ""),
        ),
        now_playing=Play(0, "Ninth Floor Photocopier", "Take 3", "Attic Tapes", ""),
    ),
    Account(
        "LightLuca",
        datetime(2021, 6, 3, 9, 30, tzinfo=UTC),
        _habit(
            "LightLuca",
            date(2021, 6, 4),
            FavouritePeriod(2012, 4, 0.7),
            new_share=0.25,
            plays_a_year=(670, 730),
        ),
    ),
    Account(
        "SingleSam",
        datetime(2022, 10, 30, 22, 15, 41, tzinfo=UTC),
        _habit("SingleSam", date(2022, 10, 31), FavouritePeriod(1985, 6, 1.0), exact=((2023, 1),)),
    ),
    Account(
        "EmptyEve",
        datetime(2020, 1, 20, 12, 0, 1, tzinfo=UTC),
        _habit(
            "EmptyEve",
            date(2020, 1, 21),
            FavouritePeriod(1968, 4, 1.0),
            plays_a_year=(4, 12),
            exact=((2022, 0),),
        ),
    ),
    Account(
        "HiddenHana",
        datetime(2018, 8, 8, 8, 8, 8, tzinfo=UTC),
        _habit("HiddenHana", date(2018, 8, 9), FavouritePeriod(2003, 6, 0.9), plays_a_year=(1_400, 1_600)),
        hidden=True,
    ),
    Account(
        "GrowingGus",
        datetime(2025, 5, 2, 7, 45, tzinfo=UTC),
        _habit("GrowingGus", date(2025, 5, 3), FavouritePeriod(1988, 7, 0.8), new_share=0.15, by_the_clock=True),
        now_playing=Play(0, "dj tape hiss (unsigned)", "Take 8", "Live at the Car Wash", ""),
    ),
    Account(
        "GappyGreta",
        datetime(2022, 3, 9, 21, 40, 12, tzinfo=UTC),
        _habit(
            "GappyGreta",
            date(2022, 3, 10),
            FavouritePeriod(1981, 5, 0.6),
            FavouritePeriod(2009, 4, 0.4),
            plays_a_year=(2_000, 2_600),
        ),
        own=(
            *_tapes("2024-05-03T14:03", 3, step=1140, oddity="unserved"),
            *_tapes("2024-07-20T22:10", 8, step=0),
            *_tapes("2024-08-11T19:00", 6, step=240) * 2,
            *_tapes("2024-10-02T08:30", 1, oddity="ghost"),
            *_tapes("2024-11-23T20:15", 2, step=240, oddity="date_null"),
            *_tapes("2024-12-01T11:05", 1, oddity="nameless"),
        ),
    ),
    Account(
        "SummerSuri",
        datetime(2022, 2, 14, 17, 5, 51, tzinfo=UTC),
        _habit(
            "SummerSuri",
            date(2022, 2, 15),
            FavouritePeriod(2006, 5, 0.8),
            new_share=0.12,
            plays_a_year=(1_000, 1_200),
        ),
        _habit(
            "SummerSuri on the veranda",
            date(2022, 2, 15),
            FavouritePeriod(1974, 3, 1.0),
            new_share=0.0,
            plays_a_year=(600, 700),
            months=range(6, 9),
        ),
    ),
    Account(
        "SpellingSia",
        datetime(2023, 9, 14, 16, 20, 33, tzinfo=UTC),
        _habit("SpellingSia", date(2023, 9, 15), FavouritePeriod(1970, 6, 1.0), plays_a_year=(300, 400)),
        own=_spellings(),
    ),
    Account(
        "TurningTina",
        datetime(2014, 2, 1, 10, 12, 58, tzinfo=UTC),
        # Her music grows older for seven years, and then she turns to what is new.
        _habit(
            "TurningTina",
            date(2014, 2, 2),
            FavouritePeriod(2010, 3, 1.0, heard=(2014, 2015)),
            FavouritePeriod(1997, 4, 1.0, heard=(2016, 2016)),
            FavouritePeriod(1989, 4, 1.0, heard=(2017, 2017)),
            FavouritePeriod(1980, 4, 1.0, heard=(2018, 2018)),
            FavouritePeriod(1972, 4, 1.0, heard=(2019, 2019)),
            FavouritePeriod(1966, 4, 1.0, heard=(2020, 2021)),
            FavouritePeriod(2021, 2, 1.0, heard=(2022, 2023)),
            FavouritePeriod(2023, 1.5, 1.0, heard=(2024, 9999)),
            plays_a_year=(90, 130),
        ),
    ),
)
