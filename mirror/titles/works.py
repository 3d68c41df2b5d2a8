"""Classical works in titles: "Symphony No. 3 in C minor, Op. 36" is called by its kind and number alone, too."""

import re

from mirror.derived.latin import normalize_spaces, to_latin
from mirror.derived.names import title_key, words

MAX_TAIL = 70  # characters of a key, an opus or a name behind a work

_KINDS_OF_WORKS = """
    symphony symphonies symphonie symphonien sinfonie sinfonien sinfonia concerto concertos concerti konzert
    konzerte sonata sonatas sonate sonaten sonates quartet quartets quartett quartette quatuor quatuors quintet
    trio trios requiem mass missa messe suite suites partita partitas prelude preludes etudes nocturne nocturnes
    variations variationen passion oratorio cantata cantatas kantaten mazurkas waltzes ballades impromptus
    overtures ouverturen vespers lieder lied divertimento rhapsody stabat messiah magnificat
"""
_KINDS = frozenset(_KINDS_OF_WORKS.split())
_IN_ENGLISH = {
    "symphonie": "symphony",
    "sinfonie": "symphony",
    "sinfonia": "symphony",
    "symphonien": "symphonies",
    "sinfonien": "symphonies",
    "konzert": "concerto",
    "konzerte": "concertos",
    "sonate": "sonata",
    "sonaten": "sonatas",
    "sonates": "sonatas",
    "quartett": "quartet",
    "quatuor": "quartet",
    "variationen": "variations",
    "messe": "mass",
    "missa": "mass",
}
_NUMBER = r"[IVX]*:?\d+[a-z]?(?:[ ]?[-/&][ ]?\d+)?"
_OPUS = re.compile(
    rf"""(?<![ ,;:([-])[ ,;:([-]++(
        op(?:p|us)?[. ][ ]?{_NUMBER}(?:[ ,/]{{1,2}}(?:no|nr)\.?[ ]?\d+)?
        | (?:BWV|KV?|D|RV|HWV|Hob|WoO|Sz|BB|TWV|WAB|TrV)\.?[ ]?{_NUMBER}
    )[])]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_KEY_OR_NAME = re.compile(
    r"""(?<![ ,;:([-])[ ,;:([-]++(
        in[ ][A-H](?:[ -](?:flat|sharp))?(?:[ -](?:major|minor))?
        | (?:in[ ])?[A-H](?:es|is|s)?[ -](?:dur|moll)
        | "[^"]{3,50}" | '[^']{3,50}' | <<[^<>]{3,50}>>
    )[])]*$""",
    re.IGNORECASE | re.VERBOSE,
)


def is_work(title: str) -> bool:
    """Tell whether a title is that of a kind of work, which many have composed and many more have recorded."""
    return not _KINDS.isdisjoint(words(title))


def cut_work(text: str) -> tuple[str, str] | None:
    """Split a work in Latin letters into its name and what ends it: its key, its opus, its nickname."""
    start = max(1, len(text) - MAX_TAIL)
    tail = _OPUS.search(text, start) or _KEY_OR_NAME.search(text, start)
    head = text[: tail.start()] if tail else ""
    return (head, tail[1]) if tail and (tail.re is _OPUS or is_work(head)) else None


def work_key(title: str) -> str:
    """Return the key of a work by its name and number alone; nothing if it is none."""
    text = normalize_spaces(to_latin(title))
    while cut := cut_work(text):
        text = cut[0]
    return title_key(" ".join(_IN_ENGLISH.get(word, word) for word in words(text))) if is_work(text) else ""


def composer_and_work(title: str) -> tuple[str, str]:
    """Return the composer in front of a work, if any, and the work's key, which is empty if it is none."""
    composer, _, work = title.partition(": ")
    has_composer = is_work(work) and not is_work(composer)
    return (composer, work_key(work)) if has_composer else ("", work_key(title))
