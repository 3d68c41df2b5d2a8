"""The mirror's errors. The docstring of each is its message: what happened, and after the colon what to do."""

import inspect


class MirrorError(Exception):
    """The mirror cannot do this."""

    def __str__(self) -> str:
        message = inspect.cleandoc(type(self).__doc__ or "").replace("\n", " ")
        details = " ".join(" ".join(map(str, self.args)).split())
        return f"{message} ({details})" if details else message


class MirrorAway(MirrorError):
    """The mirror's database cannot be reached or is restarting: try again later."""


class MatchingBusy(MirrorError):
    """Others are having many names matched: try again later."""


class MirrorEmpty(MirrorError):
    """Nothing has been imported into the mirror yet: run `lastyear mirror import`."""


class FirstImportRunning(MirrorEmpty):
    """The first import is running: see its progress where it was started (a service's is in its journal)."""


class MirrorForbidden(MirrorError):
    """This database role is not allowed to do that: import as the mirror's owner, read as its reader."""


class MirrorOutdated(MirrorEmpty):
    """The mirror was imported by another version of LastYear.fm: run `lastyear mirror import` again."""


class MirrorFull(MirrorError):
    """The disk of the mirror's database is full: make room, then import again. The mirror is unchanged."""


class ReaderMissing(MirrorError):
    """The role that is to read the mirror does not exist: create it, then import again."""


class ImportRunning(MirrorError):
    """An import is running, or a packet is being applied: wait until it has finished."""


class LocationUnknown(MirrorError):
    """Exports cannot be read from there: name a local directory, a file: URL or an http(s): URL."""


class ExportMissing(MirrorError):
    """There is no complete export there: check MUSICBRAINZ_DUMP_URL, or wait until one is published."""


class ExportAway(MirrorError):
    """The server of the exports failed or did not answer: import again later. The mirror is unchanged."""


class ExportChanged(ExportAway):
    """The download broke off, and the server does not prove that the rest belongs to the same file: import again,
    or download the export by other means and import its folder. The mirror is unchanged."""


class SignatureWrong(MirrorError):
    """The checksums of this export are not those that MusicBrainz has signed: do not use it, and find out where
    MUSICBRAINZ_DUMP_URL leads. The mirror is unchanged."""


class SignatureMissing(MirrorError):
    """The signature of this export cannot be checked, and MUSICBRAINZ_SIGNING_KEY asks for it: see what is in
    the way, or unset that. The mirror is unchanged."""


class DiskSpaceMissing(MirrorError):
    """There is not enough free disk space: make room, then import again. The mirror is unchanged."""


class ExportBroken(MirrorError):
    """This export is damaged: import again, after a new download if it is local. The mirror is unchanged."""


class DecompressorStuck(MirrorError):
    """The decompressor does not respond: import again. If it happens again with lbzip2, uninstall that, and
    LastYear.fm uses Python's own decompressor. The mirror is unchanged."""


class SchemaUnknown(MirrorError):
    """MusicBrainz has changed its schema: update LastYear.fm, then import again. The mirror is unchanged."""


class TokenMissing(MirrorError):
    """Replication needs an access token: get one at https://metabrainz.org/profile and set METABRAINZ_TOKEN."""


class TokenRefused(MirrorError):
    """MetaBrainz does not accept this access token: look at https://metabrainz.org/profile, where a new token
    revokes the previous one, and set METABRAINZ_TOKEN."""


class PacketAway(MirrorError):
    """Packets cannot be downloaded at the moment: try again later. The mirror is unchanged."""


class PacketMissing(MirrorError):
    """The next packet is not published, although later ones are: wait a few hours, or import a newer export."""


class PacketBroken(MirrorError):
    """This packet is damaged: try again later, or import a newer export. The mirror is unchanged."""


class PacketOutOfTurn(MirrorError):
    """This packet is not the next one: apply packets in the order of their numbers. The mirror is unchanged."""


class SchemaChanged(MirrorError):
    """MusicBrainz has changed its schema, so that the mirror is no longer updated: update LastYear.fm, then run
    `lastyear mirror import`. Until then the mirror serves what it has."""

    @classmethod
    def is_said_in(cls, message: str) -> bool:
        """Whether this is the error of which that is the message."""
        return message.startswith(str(cls()).partition(":")[0])


class NotReplicable(MirrorError):
    """The export that this mirror was imported from has no replication sequence, so that no packet follows it: run
    `lastyear mirror import` with an official export."""


class OtherProfile(MirrorError):
    """The mirror was imported with another profile, and packets cannot fill the missing tables, since they contain
    only what has changed: run `lastyear mirror import` with the profile that you want."""


class ReplicationRunning(MirrorError):
    """Another replication is running on this mirror: leave it to that one."""
