"""Control messages: how another process changes a running stand-in, as JSON posted to `/_control`."""

from pydantic import BaseModel, ConfigDict

from demo.faults import Fault
from demo.listeners import Play


class NamedPlay(BaseModel):
    """A play and whose it is."""

    model_config = ConfigDict(extra="forbid")

    user: str
    uts: int
    artist: str
    title: str
    album: str = ""
    album_mbid: str = ""

    @property
    def play(self) -> Play:
        return Play(self.uts, self.artist, self.title, self.album, self.album_mbid)


class Message(BaseModel):
    """What to change; what is not named stays as it is.

    `faults` takes the place of all earlier ones, so that an empty list ends them; `rate` null lifts the limit;
    `forget` starts the counts anew.
    """

    model_config = ConfigDict(extra="forbid")

    latency: float = 0.0
    rate: float | None = None
    window: float = 1.0
    throttles_profiles: bool = False
    faults: tuple[Fault, ...] = ()
    late_plays: tuple[NamedPlay, ...] = ()
    deleted_plays: tuple[NamedPlay, ...] = ()
    forget: bool = False
