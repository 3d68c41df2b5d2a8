"""Which of an artist's albums is nearly called as it was scrobbled."""

import pytest

from mirror.candidates import Named
from mirror.discography import Discography
from mirror.names import artist_key, title_key


def near(artist: str, titles: list[str], asked: str, *, by: str = "") -> list[str]:
    """The nearest of these titles."""
    albums = Discography(artist, [Named(number, title) for number, title in enumerate(titles)])
    return [titles[id_] for id_ in albums.near(asked, title_key(asked), artist_key(by or artist))[1]]


@pytest.mark.parametrize(
    ("artist", "title", "asked"),
    [
        ("Arctic Monkeys", "Whatever People Say I Am, That's What I'm Not", "Whatever People Say I Am"),
        ("Manic Street Preachers", "Generation Terrorists - The Songs", "Generation Terrorists"),
        ("OutKast", "Speakerboxxx / The Love Below (Clean Cut)", "Speakerboxxx / The Love Below"),
        ("Dmitri Shostakovich", "Symphony No. 7 – Leningrad", "Symphony No. 7"),
    ],
)
def test_a_subtitle_may_be_left_out(artist: str, title: str, asked: str) -> None:
    assert near(artist, [title, "Another One"], asked) == [title]


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        pytest.param("Now and Then, Volume 2", "Now and Then", id="it counts volumes"),
        pytest.param("The Singles: 1992-2003", "The Singles", id="it tells years"),
        pytest.param("Humbug: The Story", "Humbug", id="too little is left"),
        pytest.param("Whatever People Say I Am", "Whatever People Say I Am, That's It", id="it is only asked for"),
    ],
)
def test_a_subtitle_that_may_tell_one_album_from_another_stays(title: str, asked: str) -> None:
    assert near("Arctic Monkeys", [title], asked) == []


def test_all_of_whose_subtitle_is_left_out_are_equally_near() -> None:
    titles = ["Whatever You Say: Evening", "Whatever You Say: Studio", "Whatever"]
    assert near("Arctic Monkeys", titles, "Whatever You Say") == titles[:2]


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Tabula Rasa", "Pärt: Tabula Rasa"),
        ("Tabula Rasa", "Arvo Pärt - Tabula Rasa"),
        ("Pärt: Tabula Rasa", "Tabula Rasa"),
        ("Pärt: Tabula Rasa", "Arvo Pärt: Tabula Rasa"),
        ("Fratres: Summa", "Pärt: Fratres: Summa"),
    ],
)
def test_the_composer_may_stand_in_front(title: str, asked: str) -> None:
    assert near("Arvo Pärt", [title, "Alina"], asked) == [title]


def test_another_composer_in_front_is_another_album() -> None:
    assert near("Arvo Pärt", ["Tabula Rasa"], "Bach: Tabula Rasa") == []


@pytest.mark.parametrize(
    ("title", "asked"), [("At Budokan", "Cheap Trick at Budokan"), ("Cheap Trick at Budokan", "At Budokan")]
)
def test_the_artist_may_stand_in_front(title: str, asked: str) -> None:
    assert near("Cheap Trick", [title, "Dream Police"], asked) == [title]


def test_a_title_in_other_letters_may_be_the_artist_himself() -> None:
    assert near("Земфира", ["Земфира", "Вендетта"], "Zemfira", by="Zemfira") == ["Земфира"]


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Use Your Illusion I", "Use Your Illusion, Vol. 1"),
        ("Use Your Illusion I", "Use Your Illusion 1"),
        ("Use Your Illusion, Vol. 1", "Use Your Illusion I"),
        ("Use Your Illusion II", "Use Your Illusion, Part 2"),
        ("Use Your Illusion, Part Two", "Use Your Illusion 2"),
    ],
)
def test_a_roman_one_is_a_number_at_the_end(title: str, asked: str) -> None:
    titles = [f"Use Your Illusion {number}" for number in ("1", "2") if not title.endswith((number, "I", "Two"))]
    assert near("Guns N' Roses", [title, *titles], asked) == [title]


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Use Your Illusion I", "Use Your Illusion II"),
        ("Use Your Illusion II", "Use Your Illusion"),
        ("Use Your Illusion I", "Use Your Illusion 3"),
    ],
)
def test_another_number_is_another_album(title: str, asked: str) -> None:
    assert near("Guns N' Roses", [title], asked) == []


LONG = " ".join(f"word {'abcdefghijklmnopqrstuvwxyz'[number % 26] * 3}" for number in range(60))


@pytest.mark.parametrize("length", [250, 255])
def test_a_title_that_is_cut_off_is_found_by_its_beginning(length: int) -> None:
    assert near("Fiona Apple", [LONG, "Tidal"], LONG[:length]) == [LONG]


def test_a_title_that_is_not_cut_off_is_not_found_by_its_beginning() -> None:
    assert near("Fiona Apple", [LONG], LONG[:120]) == []


def test_a_title_with_slips_is_found() -> None:
    assert near("Massive Attack", ["Mezzanine", "Blue Lines"], "Mezannine") == ["Mezzanine"]


def test_the_title_itself_comes_before_one_with_a_slip() -> None:
    assert near("Metallica", ["Reloaded", "Reloader"], "Reloaded") == ["Reloaded"]


def test_sides_are_told_apart_by_their_letter() -> None:
    assert near("Red Hot Chili Peppers", ["Stadium Side A", "Stadium Side B"], "Stadium Side B") == [
        "Stadium Side B"
    ]
    assert near("Red Hot Chili Peppers", ["Stadium Side A"], "Stadium Side B") == []


def test_an_artist_without_albums_has_none_near() -> None:
    assert near("Nobody", [], "Anything at All") == []
