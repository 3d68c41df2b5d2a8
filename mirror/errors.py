"""What can stand in the mirror's way, each named for what one can do about it."""

import inspect


class MirrorError(Exception):
    """The mirror cannot do this."""

    def __str__(self) -> str:
        message = inspect.cleandoc(type(self).__doc__ or "").replace("\n", " ")
        details = " ".join(" ".join(map(str, self.args)).split())
        return f"{message} ({details})" if details else message


class MirrorAway(MirrorError):
    """The mirror's database cannot be reached or is restarting: try again later."""


class MirrorEmpty(MirrorError):
    """Nothing has been imported into the mirror yet: run `lastyear mirror import`."""


class MirrorForbidden(MirrorError):
    """This database role may not do that: the mirror's owner imports, its reader reads."""


class MirrorFull(MirrorError):
    """The disk of the mirror's database is full: make room, then import again. The mirror stays as it was."""


class ReaderMissing(MirrorError):
    """The role that shall read the mirror does not exist: create it, then import again."""


class ImportRunning(MirrorError):
    """Another import is at work on this mirror: wait until it ends."""


class LocationUnknown(MirrorError):
    """No export can be read from this kind of place yet: name a local directory or a file: URL."""


class ExportMissing(MirrorError):
    """There is no complete export at this place: check MUSICBRAINZ_DUMP_URL, or wait until one is published."""


class ExportBroken(MirrorError):
    """This export is damaged: fetch it anew, then import again. The mirror stays as it was."""


class SchemaUnknown(MirrorError):
    """MusicBrainz has changed its schema: update LastYear.fm, then import again. The mirror stays as it was."""
