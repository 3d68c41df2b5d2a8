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


class ImportUnderWay(MirrorEmpty):
    """The first import is under way; who started it is told how far it is (as a service: its journal)."""


class MirrorForbidden(MirrorError):
    """This database role may not do that: the mirror's owner imports, its reader reads."""


class MirrorOutdated(MirrorEmpty):
    """The mirror was imported by another version of LastYear.fm: run `lastyear mirror import` again."""


class MirrorFull(MirrorError):
    """The disk of the mirror's database is full: make room, then import again. The mirror stays as it was."""


class ReaderMissing(MirrorError):
    """The role that shall read the mirror does not exist: create it, then import again."""


class ImportRunning(MirrorError):
    """An import is at work on this mirror, or a packet is being applied: wait until that ends."""


class LocationUnknown(MirrorError):
    """No export can be read from this kind of place: name a local directory, a file: URL or an http(s): URL."""


class ExportMissing(MirrorError):
    """There is no complete export at this place: check MUSICBRAINZ_DUMP_URL, or wait until one is published."""


class ExportAway(MirrorError):
    """The server of the exports does not answer as it should: import again later. The mirror stays as it was."""


class ExportChanged(ExportAway):
    """The connection to the exports broke, and the server does not prove that the rest belongs to the same file:
    import again, perhaps with --verify-first. The mirror stays as it was."""


class SignatureWrong(MirrorError):
    """The checksums of this export are not those that MusicBrainz has signed: do not use it, and look at where
    MUSICBRAINZ_DUMP_URL leads. The mirror stays as it was."""


class RoomMissing(MirrorError):
    """There is not enough room on the disk: make room, then import again. The mirror stays as it was."""


class ExportBroken(MirrorError):
    """This export is damaged: fetch it anew, then import again. The mirror stays as it was."""


class DecompressorStuck(MirrorError):
    """The decompressor stands still: import again. That begins anew, and the mirror stays as it was. If it happens
    again and lbzip2 is installed, uninstall it: LastYear.fm then uses a decompressor of its own."""


class SchemaUnknown(MirrorError):
    """MusicBrainz has changed its schema: update LastYear.fm, then import again. The mirror stays as it was."""


class TokenMissing(MirrorError):
    """Replication needs an access token: get one at https://metabrainz.org/profile and set METABRAINZ_TOKEN."""


class TokenRefused(MirrorError):
    """MetaBrainz does not accept this access token: see https://metabrainz.org/profile, where a new token revokes
    the one before, and set METABRAINZ_TOKEN."""


class PacketAway(MirrorError):
    """Packets cannot be fetched at the moment: try again later. The mirror stays as it was."""


class PacketMissing(MirrorError):
    """The next packet is not published, though later ones are: wait some hours, or else import a newer export."""


class PacketBroken(MirrorError):
    """This packet is damaged: fetch it anew, or else import a newer export. The mirror stays as it was."""


class PacketOutOfTurn(MirrorError):
    """This packet is not the next one, and packets can only be applied in turn. The mirror stays as it was."""


class SchemaChanged(MirrorError):
    """MusicBrainz has changed its schema: the mirror goes on serving what it has, but gets nothing new. Update
    LastYear.fm, then run `lastyear mirror import`."""


class NotReplicable(MirrorError):
    """The export that this mirror was imported from has no replication sequence, so no packet follows it: run
    `lastyear mirror import` with an official export."""


class OtherProfile(MirrorError):
    """The mirror was imported with another profile. A packet holds only what has changed, so it cannot fill tables
    that were not imported: run `lastyear mirror import` with the profile you want."""


class ReplicationRunning(MirrorError):
    """Another replication is at work on this mirror: leave it to that one."""
