"""Year albums: the albums of a listener's year that there may be something to say about."""

from pydantic import BaseModel, ConfigDict

TOP = 20
"""How many of the most played albums are among them."""
MAX_NAME_LENGTH = 80
"""Letters; a longer name is cut off."""


class PlayedAlbum(BaseModel):
    """An album, or a song that is listed by itself, with its plays in a listening year."""

    model_config = ConfigDict(frozen=True)

    released: int
    artist: str
    title: str
    plays: int
    is_song: bool | None = False
    """None where that was not kept."""
    months: tuple[int, ...] = ()
    """Its plays from January to December; empty where that is not known."""


class YearAlbums(BaseModel):
    """The most played albums, the top one of each decade and of the oldest release year; how many there are."""

    model_config = ConfigDict(frozen=True)

    albums: tuple[PlayedAlbum, ...] = ()
    """The most played first."""
    count: int | None = None
    """How many albums and songs are listed in all; None where only some of them were kept."""
    half: int | None = None
    """How many of the most played make up half of the plays."""
    has_songs: bool | None = None
    """Whether songs that are listed by themselves are among them; None where that was not kept."""
