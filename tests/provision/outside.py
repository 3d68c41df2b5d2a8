"""What lies outside of a machine, on the host's end of its cable: Last.fm, MetaBrainz, covers, and Neon."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.cover_art.stand_in import CoverArtStandIn
from demo.lastfm.stand_in import LastfmStandIn
from demo.musicbrainz.export import REPLICATION_SEQUENCE, write_demo_export
from demo.musicbrainz.stand_in import MetaBrainzStandIn
from tests.integration.mirror.packets import Edit, publish
from tests.provision.pooler import Neon, neon


@dataclass
class Outside:
    """The stand-ins. They live in this process: their faults and latency are changed on the objects themselves."""

    lastfm: LastfmStandIn
    lastfm_key: str
    """The only key that this Last.fm takes."""
    metabrainz: MetaBrainzStandIn
    covers: CoverArtStandIn
    neon: Neon
    packet: int = REPLICATION_SEQUENCE
    """The newest replication packet there is."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no journal line, command line or readable file of the machine may hold."""
        return self.lastfm_key, self.metabrainz.token, self.neon.password

    def publish_packet(self, edits: Iterable[Edit] = ()) -> int:
        """MusicBrainz has changed: the next replication packet, with these edits. Gives its number."""
        self.packet += 1
        publish(self.metabrainz.folder, self.packet, edits, made=datetime.now(UTC))
        return self.packet


@contextmanager
def outside(host: str) -> Iterator[Outside]:
    """All of it at this address of the host; what it asks for as keys is new each time."""
    key, token = secrets.token_hex(16), secrets.token_hex(20)
    # Not under pytest's own folder: the databases run as other users, who may not enter that.
    with TemporaryDirectory(prefix="lastyear-outside-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_demo_export(folder / "musicbrainz/fullexport")
        with (
            LastfmStandIn(host=host, api_key=key) as lastfm,
            MetaBrainzStandIn(folder / "musicbrainz", token=token, host=host) as metabrainz,
            CoverArtStandIn(host=host) as covers,
            neon(folder, host) as database,
        ):
            yield Outside(lastfm, key, metabrainz, covers, database)
