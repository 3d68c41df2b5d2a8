"""`lastyear years`: a history of each form, what ends it early, and what it leaves behind then."""

import csv
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from demo.musicbrainz.catalogue import CatalogueAlbum, albums
from mirror.answering.answers import Answer, Question, answer
from mirror.database import Connection, connect
from mirror.errors import MirrorAway
from mirror.matching.reasons import Reason
from tests.conftest import wait_until
from tests.processes import BIN
from worker.cli import main
from worker.histories.annotate import MAX_FAULTS, MAX_ROWS
from worker.histories.release_years import ReleaseYears
from worker.histories.rows import Play, ReleaseYear

LASTFM = "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid"


def lastfm_csv(plays: Sequence[CatalogueAlbum]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for second, album in enumerate(plays, 1_577_880_000):
        writer.writerow((second, "01 Jan 2020, 12:00", album.artist, "", album.title, "", album.tracks[0], ""))
    return f"{LASTFM}\n{file.getvalue()}"


def listenbrainz_lines(plays: Sequence[CatalogueAlbum]) -> str:
    listens = (
        {
            "track_metadata": {
                "artist_name": album.artist,
                "release_name": album.title,
                "track_name": album.tracks[0],
            }
        }
        for album in plays
    )
    return "".join(json.dumps(listen) + "\n" for listen in listens)


def spotify_list(plays: Sequence[CatalogueAlbum]) -> str:
    streams = [
        {
            "ts": "2020-01-01T12:00:00Z",
            "ms_played": 200_000,
            "master_metadata_track_name": album.tracks[0],
            "master_metadata_album_artist_name": album.artist,
            "master_metadata_album_album_name": album.title,
        }
        for album in plays
    ]
    return json.dumps(streams, indent=2)


def spotify_songs(plays: Sequence[CatalogueAlbum]) -> str:
    return json.dumps(
        [{"artistName": album.artist, "trackName": album.tracks[0], "msPlayed": 200_000} for album in plays]
    )


@pytest.fixture
def plays() -> list[CatalogueAlbum]:
    """Fifty plays of ten albums whose names lead to one year."""
    return [album for album in albums() if album.primary_type == "Album" and not album.secondary_type][:10] * 5


def run(mirror_url: str, *command: str | Path, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["years", *map(str, command)], input=stdin, env={"MIRROR_URL": mirror_url})


def flat(text: str) -> str:
    return " ".join(text.split())


def test_every_row_of_a_lastfm_export_gets_its_year(mirror_url: str, plays: list[CatalogueAlbum]) -> None:
    result = run(mirror_url, "-", stdin=lastfm_csv(plays))
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["release_year"] for row in rows] == [str(album.year) for album in plays]
    assert {(len(row["release_group_mbid"]), row["found_by"]) for row in rows} == {(36, "names")}
    assert "Release year known for 50 of 50 plays." in result.stderr


@pytest.mark.parametrize("write", [listenbrainz_lines, spotify_list])
def test_json_stays_json(mirror_url: str, plays: list[CatalogueAlbum], write: type, tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    history.write_text(write(plays))
    result = run(mirror_url, history)
    assert result.exit_code == 0, result.output
    is_list = result.stdout.startswith("[")
    rows = json.loads(result.stdout) if is_list else [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["release_year"] for row in rows] == [album.year for album in plays]


def test_songs_have_years_where_the_mirror_has_recordings(
    mirror_url: str, recordings_url: str, plays: list[CatalogueAlbum]
) -> None:
    with_recordings = json.loads(run(recordings_url, "-", stdin=spotify_songs(plays)).stdout)
    assert {(row["release_group_mbid"], row["found_by"]) for row in with_recordings} == {(None, "song")}
    without = run(mirror_url, "-", stdin=spotify_songs(plays))
    assert {row["release_year"] for row in json.loads(without.stdout)} == {None}
    assert f"50  {Reason.NO_SONGS.sentence}" in without.stderr


def test_what_has_no_year_is_counted_by_the_reason(mirror_url: str, plays: list[CatalogueAlbum]) -> None:
    rows = '"Nobody at All","Nothing at All"\n' * 3 + ',"Low"\n' + "Radiohead,\n" + "x\n"
    names = "".join(f'"{album.artist}","{album.title}"\n' for album in plays[:4])
    result = run(mirror_url, "-", stdin="artist,album\n" + names + rows)
    assert result.exit_code == 3
    told = flat(result.stderr)
    assert "Left out: line 11 has 1 column instead of 2" in told
    assert (
        "Release year known for 4 of 9 plays. Of the others: "
        f"3 {Reason.UNKNOWN_ARTIST.sentence} 2 {Reason.NO_NAMES.sentence} 1 row could not be read: left out."
    ) in told
    assert len(result.stdout.splitlines()) == 10


def test_only_the_first_faults_are_named(mirror_url: str) -> None:
    result = run(mirror_url, "-", stdin="artist,album\n" + "x\n" * 1_000)
    assert result.stderr.count("Left out:") == MAX_FAULTS
    assert "1,000 rows could not be read" in result.stderr


def test_a_file_is_written_as_it_is_read(mirror_url: str, plays: list[CatalogueAlbum], tmp_path: Path) -> None:
    history, output = tmp_path / "history.csv", tmp_path / "years.csv"
    history.write_bytes(lastfm_csv(plays).encode("utf-16"))
    result = run(mirror_url, history, "--output", output)
    assert (result.exit_code, result.stdout) == (0, "")
    assert output.read_bytes().startswith(b"\xff\xfe")
    assert output.read_text("utf-16").count(f",{plays[0].year},") >= 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["history.csv", "years.csv"]
    assert output.stat().st_mode & 0o777 == history.stat().st_mode & 0o777


def test_a_history_may_be_replaced_by_itself(mirror_url: str, plays: list[CatalogueAlbum], tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text(lastfm_csv(plays))
    assert run(mirror_url, history, "-o", history).exit_code == 0
    again = run(mirror_url, history, "-o", history)
    assert (again.exit_code, again.stderr) == (1, "Error: This history has a column release_year already\n")
    assert len(history.read_text().splitlines()) == 51


def test_the_chart_is_a_picture_too(mirror_url: str, plays: list[CatalogueAlbum], tmp_path: Path) -> None:
    history = tmp_path / "R&B <2020>.csv"
    history.write_text(lastfm_csv(plays))
    for by, label in (("year", "1960"), ("decade", "1950s")):
        run(mirror_url, history, "--chart", tmp_path / "chart.svg", "--by", by)
        picture = (tmp_path / "chart.svg").read_text()
        assert f">{label}</text>" in picture
        assert "R&amp;B &lt;2020&gt;.csv, by release year" in picture
        assert "Release year known for 50 of 50 plays" in picture


@pytest.mark.parametrize(("by", "label"), [("year", "1956 "), ("decade", "1950s ")])
def test_the_table_has_years_or_decades(mirror_url: str, plays: list[CatalogueAlbum], by: str, label: str) -> None:
    shown = run(mirror_url, "-", "--by", by, stdin=lastfm_csv(plays)).stderr
    assert f"\n{label}" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_history_without_rows_is_no_error(mirror_url: str, tmp_path: Path) -> None:
    result = run(mirror_url, "-", "--chart", tmp_path / "chart.svg", stdin="artist,album\n")
    assert result.exit_code == 0
    assert result.stderr == "Release year known for 0 of 0 plays.\n"
    assert "No release years" in (tmp_path / "chart.svg").read_text()


def test_what_is_no_history_is_told_which_forms_there_are(mirror_url: str, tmp_path: Path) -> None:
    output = tmp_path / "years.csv"
    result = run(mirror_url, "-", "-o", output, stdin="Dear diary,\n")
    assert result.exit_code == 1
    assert "names no columns of an artist and an album. What can be read:" in result.stderr
    for name in ("header", "lastfm-to-csv", "ListenBrainz", "Spotify"):
        assert name in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_is_away_is_told_of_before_anything_is_written(tmp_path: Path) -> None:
    result = run("postgresql://nobody@127.0.0.1:1/x", "-", "-o", tmp_path / "years.csv", stdin="artist,album\n")
    assert result.exit_code == 1
    assert "The mirror's database cannot be reached" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_goes_away_leaves_whole_rows(
    mirror_url: str, plays: list[CatalogueAlbum], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = list[int]()

    def answer_twice(connection: Connection, questions: Sequence[Question]) -> list[Answer]:
        asked.append(len(questions))
        if len(asked) > 1:
            raise MirrorAway
        return answer(connection, questions)

    monkeypatch.setattr("worker.histories.release_years.answer", answer_twice)
    others = "".join(f"Artist {number},Album\n" for number in range(300))
    names = "".join(f'"{album.artist}","{album.title}"\n' for album in plays)
    stdin = "artist,album\n" + names * (MAX_ROWS // len(plays)) + others
    result = run(mirror_url, "-", stdin=stdin)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1 + MAX_ROWS
    assert "Broken off after 10,000 rows: what was written ends with a whole row." in result.stderr
    asked.clear()
    assert run(mirror_url, "-", "-o", tmp_path / "years.csv", stdin=stdin).exit_code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error_in_a_sentence(mirror_url: str, plays: list[CatalogueAlbum]) -> None:
    result = run(mirror_url, "-", "-o", "/dev/full", stdin=lastfm_csv(plays))
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert "Broken off after 0 rows" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_chart_that_cannot_be_written_is_an_error_in_a_sentence(
    mirror_url: str, plays: list[CatalogueAlbum]
) -> None:
    result = run(mirror_url, "-", "--chart", "/dev/full", stdin=lastfm_csv(plays))
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 51
    assert "Error: The chart cannot be written: [Errno 28] No space left on device\n" in result.stderr


@pytest.mark.parametrize("option", ["--output", "--chart"])
def test_a_folder_in_which_nothing_can_be_written_is_told_of_first(
    mirror_url: str, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.histories.commands.os.access", lambda path, _: Path(path) != tmp_path)
    result = run(mirror_url, "-", option, tmp_path / "chart.svg", stdin="artist,album\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: Nothing can be written in the folder {tmp_path}\n"


def test_a_name_that_is_too_long_for_a_file_is_told_of_first(mirror_url: str) -> None:
    result = run(mirror_url, "-", "--chart", "x" * 10_000, stdin="artist,album\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "File name too long" in result.stderr


def test_names_of_any_kind_are_looked_up(recordings_url: str) -> None:
    names = [
        "\0",
        "x" * 10_000,
        "[" * 5_000,
        "\u202e\u200f",
        "\ud800",
        "()",
        "🎷" * 500,
        "'; DROP TABLE artist; --",
    ]
    plays = [Play(name, other) for name in names for other in names]
    with connect(recordings_url) as connection:
        found = ReleaseYears(connection, has_songs=True).look_up(
            [*plays, *(Play(name, song=name) for name in names)]
        )
    assert {one.year for one in found.values()} == {None}


def test_only_so_many_answers_are_remembered(mirror_url: str, plays: list[CatalogueAlbum]) -> None:
    with connect(mirror_url) as connection:
        years = ReleaseYears(connection, has_songs=False, most_remembered=4)
        asked = [Play(album.artist, album.title) for album in plays]
        assert [years.look_up(asked)[play].year for play in asked] == [album.year for album in plays]
        assert len(years._remembered) == 4


def test_why_there_is_no_year_is_what_the_api_says(mirror_url: str) -> None:
    reasons = {
        Play("", "x"): Reason.NO_NAMES,
        Play("x"): Reason.NO_NAMES,
        Play("x", song="y"): Reason.NO_SONGS,
        Play("x", "y", "no MBID"): Reason.UNKNOWN_ARTIST,
        Play("Radiohead", "Nothing of Theirs"): Reason.NO_SUCH_ALBUM,
        Play("", "", "11111111-1111-4111-8111-111111111111"): Reason.UNKNOWN_MBID,
    }
    with connect(mirror_url) as connection:
        found = ReleaseYears(connection, has_songs=False).look_up(reasons)
    assert found == {play: ReleaseYear(None, reason=reason) for play, reason in reasons.items()}


@contextmanager
def started(
    mirror_url: str, *arguments: str | Path, stderr: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process whose input and output are pipes, and its errors, too, unless they go elsewhere."""
    command = [BIN / "lastyear", "years", *arguments]
    environ = {**os.environ, "MIRROR_URL": mirror_url}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=stderr, env=environ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_whole_rows(
    mirror_url: str, plays: list[CatalogueAlbum], number: int, tmp_path: Path
) -> None:
    history = tmp_path / "history.json"
    history.write_text(spotify_list(plays * (2 * MAX_ROWS // len(plays))))
    with started(mirror_url, history) as process:
        assert process.stdout
        assert process.stderr
        begun = process.stdout.read(10)  # the rest of it waits for us
        process.send_signal(number)
        written = begun + process.stdout.read()
        told = process.stderr.read().decode()
        assert process.wait() == 130
    assert len(json.loads(written)) == MAX_ROWS
    assert told == "Interrupted. Broken off after 10,000 rows: what was written ends with a whole row.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_a_terminal_shows_the_progress_it_leaves_whole_rows(
    mirror_url: str, plays: list[CatalogueAlbum], number: int, tmp_path: Path
) -> None:
    history = tmp_path / "history.json"
    history.write_text(spotify_list(plays * (2 * MAX_ROWS // len(plays))))
    screen, terminal = os.openpty()
    with ThreadPoolExecutor(1) as pool, started(mirror_url, history, stderr=terminal) as process:
        os.close(terminal)
        shown = pool.submit(read_screen, screen)
        assert process.stdout
        begun = process.stdout.read(10)  # the rest of it waits for us
        process.send_signal(number)
        written = begun + process.stdout.read()
        assert process.wait() == 130
    assert len(json.loads(written)) == MAX_ROWS
    assert "Broken off after 10,000 rows: what was written ends with a whole row." in shown.result()


def read_screen(screen: int) -> str:
    """Read what is shown on a terminal until nobody has it open any more."""
    shown = b""
    with suppress(OSError):  # which is how a terminal ends
        while part := os.read(screen, 1 << 12):
            shown += part
    os.close(screen)
    return shown.decode()


def test_interrupted_it_leaves_no_file(mirror_url: str, plays: list[CatalogueAlbum], tmp_path: Path) -> None:
    with started(mirror_url, "-", "-o", tmp_path / "years.csv") as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(lastfm_csv(plays * (MAX_ROWS // 22)).encode())
        process.stdin.flush()
        wait_until(lambda: any(path.stat().st_size > MAX_ROWS for path in tmp_path.iterdir()))
        process.send_signal(signal.SIGINT)
        told = process.stderr.read().decode()
        assert process.wait() == 130
    assert told == "Interrupted. Broken off after 10,000 rows: nothing was written.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_reader_who_has_seen_enough_ends_it_quietly(
    mirror_url: str, plays: list[CatalogueAlbum], tmp_path: Path
) -> None:
    history = tmp_path / "history.csv"
    history.write_text(lastfm_csv(plays * 100))
    with started(mirror_url, history) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(LASTFM.encode())
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141
