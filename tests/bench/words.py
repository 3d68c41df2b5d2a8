"""Names as confusable as real ones: few words in many of them, many albums of one title, all told by a number."""

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
FIRST, GENERIC, SYLLABLES = _FIRST.split(), _GENERIC.split("|"), _SYLLABLES.split()
RARE = 30_000


def _rare() -> list[str]:
    draw = random.Random("words")
    return ["".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))) for _ in range(RARE)]


WORDS = [*_COMMON.split(), *_rare()]
# As in every language, the word at place n comes up 1/n times as often as the first.
WEIGHTS = list(accumulate(1 / place for place in range(1, len(WORDS) + 1)))


def artist(number: int) -> str:
    """The name of the artist of this number. Few have namesakes, many a word in common."""
    draw = random.Random(number)
    own, kind = draw.choice(WORDS), draw.random()
    if kind < 0.45:
        return f"{draw.choice(FIRST)} {own}".title()
    if kind < 0.85:
        return f"{_word(draw)} {own}".title()
    return f"The {own}s".title() if kind < 0.95 else own.title()


def title(number: int) -> str:
    """The title of the release group of this number."""
    draw = random.Random(f"title {number}")
    if draw.random() < 0.08:
        return draw.choice(GENERIC)
    return " ".join(_word(draw) for _ in range(draw.randint(1, 4))).title()


def _word(draw: random.Random) -> str:
    return WORDS[bisect(WEIGHTS, draw.random() * WEIGHTS[-1])]
