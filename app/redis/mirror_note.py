"""The mirror note: what a worker last saw of the mirror, in Redis, so that pages need not ask the mirror."""

from pydantic import BaseModel, ConfigDict
from redis import Redis

_KEY = "lastyear:mirror"


class MirrorNote(BaseModel):
    """How much the mirror holds."""

    model_config = ConfigDict(frozen=True)

    release_groups: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be looked up yet, since MusicBrainz is still being imported."""
        return self.release_groups == 0

    @property
    def is_small(self) -> bool:
        """Whether so few albums are known that a listener should be told; MusicBrainz has millions."""
        return 0 < self.release_groups < 100_000


NOT_IMPORTED = MirrorNote(release_groups=0)


def write_mirror_note(redis: Redis, note: MirrorNote | None) -> None:
    """Write the note that pages read; None removes it."""
    if note is None:
        redis.delete(_KEY)
    else:
        redis.set(_KEY, note.model_dump_json())


def read_mirror_note(redis: Redis) -> MirrorNote | None:
    """Read the latest note."""
    data = redis.get(_KEY)
    return MirrorNote.model_validate_json(data) if isinstance(data, str | bytes) else None
