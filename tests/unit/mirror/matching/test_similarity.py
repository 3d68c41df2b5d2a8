"""What is still the same name, and what is already another one."""

import pytest

from mirror.matching.candidates import Artist
from mirror.matching.similarity import (
    artists_with_article,
    artists_with_lost_letters,
    artists_with_same_beginning,
    edit_distance,
    has_more_words,
    nearest,
    same_last_letter,
    similar_artists,
    similarity,
)


def called(*names: str) -> list[Artist]:
    """Artists of these names, numbered from 1."""
    return [Artist(number, name) for number, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("tusk", "tusk", 0, id="the same"),
        pytest.param("tusk", "task", None, id="none in four letters"),
        pytest.param("abba", "abbba", 1, id="one in five letters, be it in the longer one"),
        pytest.param("rumours", "rumors", 1, id="a letter less"),
        pytest.param("rumours", "rumuors", 1, id="two letters in each other's place"),
        pytest.param("parallel", "paralel", 1, id="one in eight letters"),
        pytest.param("parallel", "parlaell", None, id="not two in eight letters"),
        pytest.param("mezzanine", "mezannine", 2, id="two in nine letters"),
        pytest.param("mezzanine", "mesanina", None, id="not three in nine letters"),
        pytest.param("wishyouwerehere", "wihsyouwherehere", 2, id="two in sixteen letters"),
        pytest.param("thedarksideofthemoon", "thedrakesideofthemon", 3, id="three in twenty letters"),
        pytest.param("thedarksideofthemoon", "thdrakesideofthemon", None, id="never four"),
        pytest.param("", "", 0, id="nothing and nothing"),
        pytest.param("", "tusk", None, id="nothing and something"),
    ],
)
def test_a_longer_name_may_have_more_spelling_errors(one: str, other: str, expected: int | None) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("greatesthits1", "greatesthits2", None),
        ("bestof19801990", "bestof19902000", None),
        ("bestofthe70s", "bestofthe60s", None),
        ("symphonyno5", "symphonyno", None),
        ("chicago17", "chicago1", None),
        ("parto2ne", "parto2me", 1),
    ],
)
def test_numbers_that_differ_are_no_spelling_errors(one: str, other: str, expected: int | None) -> None:
    assert edit_distance(one, other) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("rumours", "rumours", 1.0), ("rumours", "rumors", 12 / 13), ("abc", "xyz", 0.0)],
)
def test_likeness_goes_from_nothing_in_common_to_the_same(one: str, other: str, expected: float) -> None:
    assert similarity(one, other) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Side A", "Side B", False),
        ("Side A", "side a", True),
        ("Side A", "Side", False),
        ("Volume X", "Volume", False),
        ("Rumours", "Rumors", True),
        ("Plan B", "Plan Be", False),
        ("", "", True),
        ("A", "", False),
    ],
)
def test_titles_that_end_in_another_single_letter_are_two(one: str, other: str, same: bool) -> None:
    assert same_last_letter(one, other) is same_last_letter(other, one) is same


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param({1: "rumours", 2: "rumors"}, (0, [1]), id="the same before one nearly so"),
        pytest.param({1: "rumors", 2: "rumourz"}, (1, [1, 2]), id="all that are equally near"),
        pytest.param({1: "humorous", 2: "tusk"}, (2, []), id="none where all are too far"),
        pytest.param({}, (2, []), id="none of none"),
    ],
)
def test_the_nearest_have_the_fewest_edits(others: dict[int, str], expected: tuple[int, list[int]]) -> None:
    assert nearest("rumours", others.items()) == expected


@pytest.mark.parametrize(
    ("asked", "names", "expected"),
    [
        pytest.param("linkingpark", ["Linkin Park", "Linking Bark"], [1, 2], id="an error each"),
        pytest.param("ironmaidens", ["Iron Maiden"], [], id="a tribute band has an s more"),
        pytest.param("beastieboy", ["Beastie Boys"], [1], id="who has lost an s has not"),
        pytest.param("ironmaidens", ["The Iron Maidens", "Iron Maiden"], [1], id="the tribute band itself"),
        pytest.param("blink182", ["Blink 183"], [], id="another number"),
        pytest.param("abba", ["Abbe"], [], id="too short for an error"),
        pytest.param("J.C. Stoneking", ["C.W. Stoneking"], [], id="other initials"),
        pytest.param("DJ Harvey", ["PJ Harvey"], [], id="other initials in one word"),
        pytest.param("R.A. Rahman", ["A.R. Rahman"], [], id="initials in another order"),
        pytest.param("A R Rehman", ["AR Rahman"], [1], id="the same initials, however they are written"),
        pytest.param("Rahman A.", ["A.R. Rahman"], [], id="initials elsewhere"),
        pytest.param("Stoneking", ["W. Stoneking"], [1], id="no initials"),
    ],
)
def test_an_artist_may_be_misspelled_but_no_tribute(asked: str, names: list[str], expected: list[int]) -> None:
    assert similar_artists(asked, called(*names))[1] == expected


def test_an_artist_who_is_found_twice_is_there_once() -> None:
    assert similar_artists("linkingpark", called("Linkin Park") * 2) == (1, [1])


@pytest.mark.parametrize(
    ("asked", "name", "is_found"),
    [
        ("totenhosen", "Die Toten Hosen", True),
        ("fabulososcadillacs", "Los Fabulosos Cadillacs", True),
        ("rouge", "La Rouge", True),
        ("totenhosen", "Meine Toten Hosen", False),
        ("dietotenhosen", "Toten Hosen", False),
        ("totenhosen", "Toten Hosen", False),
    ],
)
def test_an_article_may_be_left_out_in_any_language(asked: str, name: str, is_found: bool) -> None:
    assert artists_with_article(asked, called(name)) == ([1] if is_found else [])


@pytest.mark.parametrize(
    ("asked", "name", "is_found"),
    [
        pytest.param("Bj?rk", "Björk", True, id="a letter"),
        pytest.param("Bj??rk", "Björk", True, id="both bytes of a letter"),
        pytest.param("Bj\N{REPLACEMENT CHARACTER}rk", "Björk", True, id="by its own sign"),
        pytest.param("M?tley Cr?e", "Mötley Crüe", True, id="two letters"),
        pytest.param("?lafur Arnalds", "Ólafur Arnalds", True, id="the first"),
        pytest.param("Beyonc?", "Beyoncé", True, id="the last"),
        pytest.param("Wei?", "Weiß", True, id="a letter that is two in ASCII"),
        pytest.param("K?nt", "Kent", False, id="a letter that cannot be lost"),
        pytest.param("Bj?rk", "Björn", False, id="another name"),
        pytest.param("Björk", "Björk", False, id="nothing lost"),
        pytest.param("Bj rk?", "Björk", False, id="lost elsewhere"),
        pytest.param("M?", "Mø", False, id="too little left"),
        pytest.param("????", "Кино", False, id="nothing left"),
        pytest.param("Guess Who ?", "The Guess Whö", False, id="a question"),
        pytest.param("a?" * 5_000, "é" + "a" * 190, False, id="too much lost"),
        pytest.param("?" * 10_000 + "abc", "ßabc", False, id="very much lost at one place"),
    ],
)
def test_letters_may_be_lost_that_are_not_in_ascii(asked: str, name: str, is_found: bool) -> None:
    assert artists_with_lost_letters(asked, called(name)) == ([1] if is_found else [])


@pytest.mark.parametrize(
    ("asked", "name", "is_found"),
    [
        pytest.param("captain beefheart", "Captain Beefheart & His Magic Band", True, id="more words"),
        pytest.param("Captain Beefheart and His Magic Band", "Captain Beefheart", True, id="fewer words"),
        pytest.param("Magic Band", "Captain Beefheart & His Magic Band", False, id="words before it"),
        pytest.param("Prince", "Prince and The Revolution", False, id="too short to be told"),
        pytest.param("Nirvana", "Nirvana (Grunge Band)", True, id="seven letters"),
        pytest.param("Iron Maiden", "The Iron Maidens", False, id="a tribute band"),
        pytest.param("Madonna", "Madonnatron", False, id="no word of its own behind it"),
        pytest.param("Milton Nascimento/Lô Borges", "Milton Nascimento", True, id="a stroke between"),
        pytest.param("Coldplay (Tribute)", "Coldplay", False, id="who plays another's music"),
        pytest.param("Coldplay", "Coldplay Lullabies", False, id="whose music somebody plays"),
        pytest.param("Coldplay Tribute", "Coldplay Tribute Band", True, id="both of them play another's"),
    ],
)
def test_a_long_name_is_recognised_at_the_head_of_a_longer_one(asked: str, name: str, is_found: bool) -> None:
    assert list(artists_with_same_beginning(asked, called(name))) == ([1] if is_found else [])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("Stop Making Sense (Dub)", "Stop Making Sense", True, id="a word behind"),
        pytest.param("Owl - Stop Making Sense", "Stop Making Sense", True, id="a word in front"),
        pytest.param("Stop Making Sense", "Stop Making Sense (Dub)", False, id="a word less"),
        pytest.param("Stop the Making of Sense", "Stop Making Sense", False, id="little words"),
        pytest.param("Stop Makin Sense", "Stop Making Sense", False, id="a spelling error"),
        pytest.param("Stop Mak ing Sense", "Stop Making Sense", False, id="a space"),
        pytest.param("Stop Making Sense", "Stop Making Sense", False, id="the same"),
    ],
)
def test_words_added_are_no_spelling_error(one: str, other: str, expected: bool) -> None:
    assert has_more_words(one, other) is expected
