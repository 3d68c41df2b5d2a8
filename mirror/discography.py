"""The albums of one artist, to find the one that is nearly called as it was scrobbled."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from mirror.candidates import Named
from mirror.likeness import NUMBERS, nearest, same_last_letter
from mirror.names import artist_key, is_other_music, numbers, title_key

DIVIDED = re.compile(r": | - ")
COUNTED = re.compile(r"(?:vol|part)(\d+)$")
CUT = 20  # letters of the last words, which may be lost
TRUNCATED = 250  # characters; where Last.fm cuts, at 255, the last ones may be lost
TELLING = 9  # letters of a title that may stand for one with a subtitle
SHORTEST = 3  # letters that make a title by themselves
SUBTITLE = re.compile(r"[:,(\[–—]| - ")


class Discography:
    """An artist's name and titles, folded once."""

    def __init__(self, artist: str, albums: Iterable[Named]) -> None:
        self._artist = artist_key(artist)
        self._albums = list(dict.fromkeys(albums))
        self._keys = [title_key(album.name) for album in self._albums]

    def near(self, title: str, key: str, artist: str) -> tuple[int, list[int]]:
        """The release groups nearest to a title of this key, and by how many letters they differ from it."""
        for find in (self._but_for_the_artist, self._but_for_the_end):
            if found := find(title, key, artist):
                return 0, found
        slips, places = nearest(key, enumerate(self._keys))
        near = (self._albums[place] for place in places)
        said = numbers(title)
        return slips, [
            album.id for album in near if same_last_letter(title, album.name) and numbers(album.name) == said
        ]

    def _but_for_the_artist(self, title: str, key: str, artist: str) -> list[int]:
        """Of Pärt "Pärt: Tabula Rasa", "Cheap Trick at Budokan", a title that is the artist in other letters."""
        asked = _alone(title, key, artist)
        return [id_ for id_, other in self._alone if other == asked]

    def _but_for_the_end(self, title: str, key: str, artist: str) -> list[int]:
        """A title without its subtitle, and one that Last.fm has cut off."""
        if len(title) >= TRUNCATED:
            beginning = key[:-CUT]
            return [album.id for album, other in self._named if other.startswith(beginning)]
        if len(key) < TELLING:
            return []
        return [id_ for id_, heads in self._heads if key in heads]

    @property
    def _named(self) -> Iterator[tuple[Named, str]]:
        return zip(self._albums, self._keys, strict=True)

    @cached_property
    def _alone(self) -> list[tuple[int, str]]:
        return [(album.id, _alone(album.name, key, self._artist)) for album, key in self._named]

    @cached_property
    def _heads(self) -> list[tuple[int, set[str]]]:
        """The keys of what stands before a subtitle. One with a number in it may tell a volume from the next."""
        return [
            (
                album.id,
                {
                    title_key(album.name[: sign.start()])
                    for sign in SUBTITLE.finditer(album.name)
                    if _is_subtitle(album.name[sign.end() :])
                },
            )
            for album in self._albums
        ]


def _is_subtitle(rest: str) -> bool:
    """Whether what follows a title is just more of it: no number that tells a volume, no word of other music."""
    return not NUMBERS.search(title_key(rest)) and not is_other_music(rest)


def _alone(title: str, key: str, artist: str) -> str:
    """A title's key without the artist or composer in front, each part's number in digits; nothing where it is the
    artist's name."""
    parts = DIVIDED.split(title)
    if len(parts) > 1:
        if len(name := artist_key(parts[0])) >= SHORTEST and name in artist:
            parts = parts[1:]
        key = title_key(": ".join(parts)) if len(parts) == 1 else "".join(map(_counted, parts))
    else:
        key = _counted(title, key)
    rest = key.removeprefix(artist)
    return rest if not rest or len(rest) >= SHORTEST else key


def _counted(title: str, key: str = "") -> str:
    """ "Use Your Illusion I" and "Use Your Illusion, Vol. 1" as one."""
    key = COUNTED.sub(r"\1", key or title_key(title))
    return f"{key[:-1]}1" if title.endswith(" I") and len(key) > SHORTEST else key
