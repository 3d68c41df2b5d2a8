"""`make-certificate`, whose certificates the other machines trust by their address."""

import getpass
import ssl
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "ansible/roles/certificate/files/make-certificate"
LONG = f"{'web-' * 15}1.site"


def make(folder: Path, address: str) -> bool:
    """Whether it has made one."""
    command = ["sh", str(SCRIPT), str(folder), address, getpass.getuser()]
    return bool(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def names(folder: Path) -> list[tuple[str, str]]:
    """Whose certificate it is, which a client that trusts it alone can read."""
    context = ssl.create_default_context(cafile=str(folder / "lastyear.crt"))
    context.load_cert_chain(folder / "lastyear.crt", folder / "lastyear.key")
    [certificate] = context.get_ca_certs()
    return certificate["subjectAltName"]  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.0.0.1", ("IP Address", "10.0.0.1")),
        ("fd00::1", ("IP Address", "FD00:0:0:0:0:0:0:1")),
        ("web1.site", ("DNS", "web1.site")),
        ("4.web.9", ("DNS", "4.web.9")),
        (LONG, ("DNS", LONG)),
    ],
)
def test_one_is_made_once_for_an_address_and_anew_for_another(
    tmp_path: Path, address: str, name: tuple[str, str]
) -> None:
    assert make(tmp_path, address)
    assert [*names(tmp_path)] == [name]
    assert not make(tmp_path, address)
    assert make(tmp_path, "10.0.0.99")
    assert [*names(tmp_path)] == [("IP Address", "10.0.0.99")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lastyear.crt", "lastyear.key"]
    assert (tmp_path / "lastyear.key").stat().st_mode & 0o777 == 0o600


def test_one_that_expires_within_the_year_is_made_anew(tmp_path: Path) -> None:
    make(tmp_path, "10.0.0.1")
    sign = "openssl x509 -in lastyear.crt -signkey lastyear.key -x509toreq -copy_extensions copy | "
    sign += "openssl x509 -req -signkey lastyear.key -copy_extensions copy -out lastyear.crt -days "
    for days, is_made in ((364, True), (366, False)):
        subprocess.run(["sh", "-c", sign + str(days)], cwd=tmp_path, check=True, capture_output=True)
        assert make(tmp_path, "10.0.0.1") is is_made


def test_half_a_pair_is_made_anew(tmp_path: Path) -> None:
    make(tmp_path, "10.0.0.1")
    (tmp_path / "lastyear.key").unlink()
    assert make(tmp_path, "10.0.0.1")
    assert names(tmp_path)
