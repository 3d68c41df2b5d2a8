"""MusicBrainz's next schema: the mirror serves on and says what to do; an import by a newer version goes on."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from app.settings import Settings
from demo.musicbrainz.stand_in import MetaBrainzStandIn
from mirror import web_queries
from mirror.importing import archive
from mirror.replication import apply
from mirror.tables import KNOWN_SCHEMAS
from tests.integration.mirror import music, packets
from tests.integration.mirror.music import group, mbid, renamed
from tests.integration.mirror.packets import BASE, Edit
from tests.processes import environment
from worker.cli import main
from worker.doctor import examine

NEXT = max(KNOWN_SCHEMAS) + 1


def retitled(before: str, after: str) -> list[Edit]:
    return [("release_group", group(1, "rumours", before), group(1, "rumours", after))]


def test_it_is_refused_until_a_version_that_knows_it_has_imported_again(
    settings: Settings, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = tmp_path / "exports"
    packets.publish(tmp_path, BASE + 1, retitled("Rumours", "the last of the old schema"))
    packets.publish(tmp_path, BASE + 2, retitled("the last of the old schema", "x"), schema_sequence=NEXT)
    with MetaBrainzStandIn(tmp_path) as metabrainz:
        secrets = {"mirror_url": SecretStr(mirror), "mirror_owner_url": SecretStr(mirror)}
        plain = {"musicbrainz_packet_url": metabrainz.packet_url, "musicbrainz_dump_url": exports.as_uri()}
        token = {"metabrainz_token": SecretStr(metabrainz.token)}
        ours = settings.model_copy(update={**secrets, **plain, **token})
        environ = {name: value for name, value in environment(ours).items() if name.isupper()}

        def lastyear(*command: str) -> tuple[int, str]:
            result = CliRunner().invoke(main, ["mirror", *command], env=environ)
            return result.exit_code, result.output

        for _ in range(2):  # the timer comes again
            code, said = lastyear("replicate")
            assert code == 3, "systemd does not try again at once"
            assert "update LastYear.fm, then run `lastyear mirror import`" in said
            assert music.title(mirror) == "the last of the old schema"
        state, why = web_queries.state(mirror), web_queries.explanation(mirror, mbid("rumours"))
        assert state is not None
        assert (state.replication_sequence, why is not None) == (BASE + 1, True)
        (found,) = [one for one in examine(ours) if one.part == "mirror"]
        assert found.seen.endswith("MusicBrainz has changed its schema")
        assert found.mend.startswith("update LastYear.fm")

        # An export of it that this version does not know changes nothing either.
        music.publish(exports, renamed("new"), schema_sequence=NEXT, replication_sequence=BASE + 1)
        code, said = lastyear("import")
        assert (code, music.title(mirror)) == (1, "the last of the old schema"), said

        for module in (archive, apply):  # the newer version
            monkeypatch.setattr(module, "KNOWN_SCHEMAS", KNOWN_SCHEMAS | {NEXT})
        assert lastyear("import")[0] == 0
        packets.publish(tmp_path, BASE + 2, retitled("new", "the first of the new schema"), schema_sequence=NEXT)
        assert lastyear("replicate")[0] == 0
        assert music.title(mirror) == "the first of the new schema"
        (found,) = [one for one in examine(ours) if one.part == "mirror"]
        assert "schema" not in found.seen
