"""Invented names that are as easily confused as real ones: few words in many names, many albums of one title.

A number decides each name.
"""

import random
from bisect import bisect
from itertools import accumulate

_COMMON = (
    "love night blue black heart dream song time world little moon day fire house party light river dance "
    "white girl gold summer road rain sun wild city sound soul home sweet dark star machine water "
    "symphony quartet sonata concerto étude mädchen любовь ночь 夜 日本 canción coração"
)
_FIRST = (
    "john mary david anna paul maria james peter michael sarah tom laura robert jack emma george lisa "
    "frank eva carlos josé björn jean marc pierre luis marco ivan olga yuki hiro kim lee chen ali omar "
    "fatima zoë chloé"
)
_SYLLABLES = (
    "ba be bi bo bu ca co cu da de di do du fa fe fi fo ga go gu ha he hi ho ja jo ka ke ki ko la le li "
    "lo lu ma me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve "
    "vi vo wa we wi ya yo za ze zo"
)
_GENERIC = (
    "Greatest Hits|Live|The Best Of|EP 1|EP 2|Untitled|Remixes|Demo|The Collection|Christmas|Anthology|Unplugged|"
    "Vol. 1|Vol. 2|Vol. 3|Live in Concert|Singles|B-Sides|Acoustic|Symphony No. 5|Piano Sonata No. 14"
)
FIRST_NAMES, GENERIC_TITLES, SYLLABLES = _FIRST.split(), _GENERIC.split("|"), _SYLLABLES.split()
RARE_WORDS = 30_000


def _rare() -> list[str]:
    draw = random.Random("words")
    return ["".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))) for _ in range(RARE_WORDS)]


ALL_WORDS = [*_COMMON.split(), *_rare()]
# As in every language, the word of rank n is 1/n times as frequent as the first.
WEIGHTS = list(accumulate(1 / place for place in range(1, len(ALL_WORDS) + 1)))


def artist_name(number: int) -> str:
    """Return the name of the artist with this number. Few share a name, many share a word."""
    draw = random.Random(number)
    own, kind = draw.choice(ALL_WORDS), draw.random()
    if kind < 0.45:
        return f"{draw.choice(FIRST_NAMES)} {own}".title()
    if kind < 0.85:
        return f"{_word(draw)} {own}".title()
    return f"The {own}s".title() if kind < 0.95 else own.title()


def album_title(number: int) -> str:
    """Return the title of the release group with this number."""
    draw = random.Random(f"title {number}")
    if draw.random() < 0.08:
        return draw.choice(GENERIC_TITLES)
    return " ".join(_word(draw) for _ in range(draw.randint(1, 4))).title()


def _word(draw: random.Random) -> str:
    return ALL_WORDS[bisect(WEIGHTS, draw.random() * WEIGHTS[-1])]
