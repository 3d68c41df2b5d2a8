"""Whom an artist's name may mean if nobody has it, and whom it never means."""

import pytest

from mirror.derived.artist_spellings import plain_name
from mirror.derived.names import artist_key, artist_keys

LONG = 10_000


@pytest.mark.parametrize(
    "name",
    [
        r"Burial\\Four Tet",
        r"Burial \ Four Tet",
        "Burial · Four Tet",
        "Burial・Four Tet",
        "Burial･Four Tet",
        "Burial／Four Tet",
        "Burial/Four Tet",
        "Burial＆Four Tet",
        "Burial&Four Tet",
        "Burial×Four Tet",
        "Burial x Four Tet",
        "Burial；Four Tet",
        "Burial|Four Tet",
        "Burial｜Four Tet",
        "Burial • Four Tet",
        "Burial+Four Tet",
        "Burial,Four Tet",
        "Burial & Four Tet & Thom Yorke",
        "Thom Yorke and Burial and Four Tet",
        "Burial • Four Tet - Topic",
        "Burial &amp; Four Tet",
        "Burial Â· Four Tet",
        "U2/Burial/Four Tet",
        "Burial // Four Tet",
        "Burial ★ Four Tet",
        "Burial ~ Four Tet",
        "Burial → Four Tet",
        "Burial\0Four Tet",
        "Burial\nFour Tet",
        "Burial meets Four Tet",
        "Burial och Four Tet",
        "Burial ● Four Tet – Tema",
    ],
)
def test_each_name_of_a_joint_credit_is_tried(name: str) -> None:
    whole, *others = artist_keys(name)
    assert whole == artist_key(name)
    assert {"burial", "fourtet"} <= set(others)


@pytest.mark.parametrize(
    ("credit", "name"),
    [
        ("Enya, Simon & Garfunkel", "Simon & Garfunkel"),
        (r"Simon & Garfunkel\\Enya", "Simon & Garfunkel"),
        ("Enya/Earth, Wind & Fire", "Earth, Wind & Fire"),
        ("Tyler, The Creator; Frank Ocean", "Tyler, The Creator"),
        ("Frank Ocean & Tyler, The Creator", "Tyler, The Creator"),
        ("AC/DC/Enya", "AC/DC"),
        ("Enya × f(x)", "f(x)"),
    ],
)
def test_a_name_with_signs_in_it_is_tried_whole_before_its_parts(credit: str, name: str) -> None:
    keys = artist_keys(credit)
    assert artist_key(name) in keys
    assert all(keys.index(artist_key(name)) < keys.index(key) for key in artist_keys(name)[1:] if key in keys)


@pytest.mark.parametrize("name", ["AC/DC", "M/A/R/R/S", "+/-", "Sunn O)))", "R&B", "10,000 Maniacs", "U2&Me"])
def test_a_name_with_signs_in_it_is_no_joint_credit(name: str) -> None:
    assert artist_keys(name) == (artist_key(name),)


@pytest.mark.parametrize(
    "name",
    [
        "Guns N' Roses - Topic",
        "Guns N' Roses – topic",
        "Guns N' Roses-topic",
        "GunsNRosesVEVO",
        "Guns N' Roses VEVO",
        "Guns N' Roses (Official)",
        "Guns N' Roses [Official]",
        "Guns N' Roses Official",
        "Guns N' Roses Official Channel",
        "Guns N' Roses (Official Artist Channel)",
        "Guns N' Roses [Songs.PK]",
        "Guns N' Roses [www.songs.example.com]",
        "Guns N' Roses - www.example.com",
        "Guns N' Roses www.example.com",
        "Guns N' Roses Official - Topic",
        "Guns N' Roses feat. Nobody - Topic",
        "Guns N' Roses - Tema",
        "GunsNRosesOfficial",
        "Guns N' Roses - Тема",
        "Guns N' Roses - トピック",
        "Guns N' Roses - VEVO",
        "Official Guns N' Roses",
        "[Songs.PK] Guns N' Roses",
        "Guns N' Roses-[Songs.PK]",
    ],
)
def test_what_sites_add_to_a_name_is_left_out(name: str) -> None:
    assert artist_key(plain_name(name)) == artist_key("Guns N' Roses")
    assert artist_key("Guns N' Roses") in artist_keys(name)[1:]


@pytest.mark.parametrize(
    "name", ["Topic", "Hot Topic", "VEVO", "Official", "Official髭男dism", "will.i.am", "St.Vincent"]
)
def test_a_name_that_merely_looks_so_stays_whole(name: str) -> None:
    assert artist_key(plain_name(name)) == artist_key(name)


def test_what_sites_add_is_no_artist_of_a_joint_credit() -> None:
    assert "topic" not in artist_keys("Miles Davis - Topic")


@pytest.mark.parametrize("bracket", ["(UK)", "[metal]", "(2)", "(French Band)", "(composer)"])
def test_a_bracket_that_tells_between_artists_of_one_name_is_left_out(bracket: str) -> None:
    assert "nirvana" in artist_keys(f"Nirvana {bracket}")
    assert artist_key(plain_name(f"Nirvana {bracket}")) != "nirvana", "it may be another Nirvana's Greatest Hits"


@pytest.mark.parametrize(
    "bracket", ["(Tribute)", "[Karaoke]", "(Cover)", "(Live)", "(Piano Tribute)", "(Lullabies)"]
)
def test_a_bracket_that_tells_of_other_performers_is_not(bracket: str) -> None:
    assert "nirvana" not in artist_keys(f"Nirvana {bracket}")


@pytest.mark.parametrize("name", ["[unknown]", "(Official)", " - Topic", "feat. Nobody", "(", "()", "·", "| |"])
def test_nothing_is_left_of_a_name_but_the_whole(name: str) -> None:
    assert artist_keys(name) == (artist_key(name),)


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("IU (아이유)", ["IU", "아이유"]),
        ("아이유 (IU)", ["IU", "아이유"]),
        ("坂本龍一 Ryuichi Sakamoto", ["坂本龍一", "Ryuichi Sakamoto"]),
        ("Мумий Тролль [Mumiy Troll]", ["Мумий Тролль", "Mumiy Troll"]),
        ("사카모토 (坂本龍一)", ["坂本龍一"]),
        ("Rahman, A.R.", ["A.R. Rahman"]),
        ("Bach, Johann Sebastian", ["Johann Sebastian Bach"]),
        ("BjÃ¶rk", ["Björk"]),
        ("BjÃ¶rk & Sigur RÃ³s", ["Björk", "Sigur Rós"]),
    ],
)
def test_other_ways_to_write_a_name_are_tried(name: str, others: list[str]) -> None:
    assert set(map(artist_key, others)) <= set(artist_keys(name)[1:])


@pytest.mark.parametrize("name", ["Кино 3", "Official髭男dism", "Björk (Iceland)", "Молчат Дома"])
def test_a_name_in_one_script_is_one_name(name: str) -> None:
    assert set(artist_keys(name)) <= {artist_key(name), artist_key("Björk")}


HOSTILE = """
( [ ) ] () - & / , ; | \\ · × + a.bc www. vevo official feat. topic aB &amp; &#39; Ã Ã¶ б ﷺ \N{ZERO WIDTH SPACE}
"""


@pytest.mark.parametrize(
    "piece", [*HOSTILE.split(), " - ", " official", " (", "- topic", " feat. ", " a.bc", "б b "]
)
def test_a_hostile_length_is_read_in_passing(piece: str) -> None:
    for name in (piece * LONG, f"x{piece * LONG}", f"{piece * LONG}x"):
        assert 0 < len(artist_keys(name)) <= 10
