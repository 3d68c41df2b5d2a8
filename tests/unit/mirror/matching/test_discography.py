"""Which of an artist's albums has the title nearest to a scrobbled one."""

import pytest

from mirror.matching.candidates import Album
from mirror.matching.discography import Discography
from mirror.matching.query import AlbumName, Query
from mirror.matching.title_forms import ScrobbledTitle


def near(artist: str, titles: list[str], asked: str, *, by: str = "", credit: str = "") -> list[str]:
    """The nearest of these titles."""
    albums = Discography(artist, [Album(number, title, credit=credit) for number, title in enumerate(titles)])
    title = ScrobbledTitle(Query.of(0, AlbumName(by or artist, asked)))
    return [titles[id_] for id_ in albums.nearest(title)[1]]


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Goldberg Variations", "Bach: Goldberg Variations"),
        ("Goldberg Variations", "J.S. Bach - Goldberg Variations"),
        ("Bach: Goldberg Variations", "Goldberg Variations"),
        ("Bach: Goldberg Variations", "Johann Sebastian Bach: Goldberg Variations"),
        ("Bach: Goldberg Variations", "Glenn Gould: Goldberg Variations"),
    ],
)
def test_a_composer_in_the_credit_may_stand_in_front_of_a_performers_album(title: str, asked: str) -> None:
    credit = "Johann Sebastian Bach; Glenn Gould"
    assert near("Glenn Gould", [title, "Solitude"], asked, credit=credit) == [title]


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Symphony no. 5", "Schubert: Symphony no. 5"),
        ("Mahler: Symphony no. 5", "Schubert: Symphony no. 5"),
        ("Schubert: Symphony no. 5", "Symphony no. 5"),
    ],
)
def test_a_composer_who_is_not_in_the_credit_tells_one_album_from_another(title: str, asked: str) -> None:
    assert near("Claudio Abbado", [title], asked, credit="Gustav Mahler; Claudio Abbado") == []


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Опиум", "Опиум (Opium)"),
        ("Опиум", "Opium Опиум"),
        ("風街ろまん", "風街ろまん (Wind City Romance)"),
        ("風街ろまん (Wind City Romance)", "Wind City Romance"),
        ("Wind City Romance (風街ろまん)", "風街ろまん"),
    ],
)
def test_one_of_two_scripts_is_enough(title: str, asked: str) -> None:
    assert near("Агата Кристи", [title, "Ураган"], asked) == [title]


@pytest.mark.parametrize(
    ("titles", "asked"),
    [
        pytest.param(["First Love", "初恋"], "First Love (初恋)", id="both are albums"),
        pytest.param(["LOVE"], "LOVE マシーン", id="two words of one title"),
        pytest.param(["Опиум"], "Опиум (Remixes)", id="other music"),
    ],
)
def test_two_scripts_are_not_always_two_names_of_one_title(titles: list[str], asked: str) -> None:
    assert near("宇多田ヒカル", titles, asked) == []


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
        pytest.param("Generation: More Music From the Film", "Generation", id="it tells of more music"),
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


@pytest.mark.parametrize("asked", ["(" * 300, " " * 300 + "x", "x" + "\u0301" * 300, "[x] " + "\u202e" * 300])
def test_a_long_title_of_hardly_any_letters_is_not_cut_off(asked: str) -> None:
    assert near("Arctic Monkeys", ["Humbug", "AM"], asked) == []


@pytest.mark.parametrize("length", [250, 255])
def test_a_title_that_is_cut_off_is_found_by_its_beginning(length: int) -> None:
    assert near("Fiona Apple", [LONG, "Tidal"], LONG[:length]) == [LONG]


def test_a_title_that_is_not_cut_off_is_not_found_by_its_beginning() -> None:
    assert near("Fiona Apple", [LONG], LONG[:120]) == []


def test_a_misspelled_title_is_found() -> None:
    assert near("Massive Attack", ["Mezzanine", "Blue Lines"], "Mezannine") == ["Mezzanine"]


def test_the_title_itself_comes_before_a_misspelled_one() -> None:
    assert near("Metallica", ["Reloaded", "Reloader"], "Reloaded") == ["Reloaded"]


def test_sides_are_told_apart_by_their_letter() -> None:
    assert near("Red Hot Chili Peppers", ["Stadium Side A", "Stadium Side B"], "Stadium Side B") == [
        "Stadium Side B"
    ]
    assert near("Red Hot Chili Peppers", ["Stadium Side A"], "Stadium Side B") == []


def test_an_artist_without_albums_has_none_near() -> None:
    assert near("Nobody", [], "Anything at All") == []


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Symphony no. 9 in E minor, op. 95 “From the New World”", "Dvořák: Symphony No. 9"),
        ("Symphony no. 9", 'Dvořák: Symphony No. 9 in E Minor, Op. 95 "From the New World"'),
        ("Dvořák: Symphony no. 9", "Symphony No. 9, Op. 95"),
        ("Symphonie Nr. 9", "Symphony No. 9 in E minor"),
        ("Symphony no. 9", "Sinfonie Nr. 9 e-Moll"),
    ],
)
def test_a_work_may_be_called_by_its_kind_and_number_alone(title: str, asked: str) -> None:
    credit = "Antonín Dvořák; Rafael Kubelík"
    assert near("Rafael Kubelík", [title, "Symphony no. 8"], asked, credit=credit) == [title]


@pytest.mark.parametrize("asked", ["Brahms: Symphony No. 9", "Symphony No. 7, Op. 70", "Piano Concerto No. 9"])
def test_another_work_is_another_album(asked: str) -> None:
    credit = "Antonín Dvořák; Rafael Kubelík"
    assert near("Rafael Kubelík", ["Symphony no. 9"], asked, credit=credit) == []


def test_all_recordings_of_a_work_are_equally_near() -> None:
    titles = ["Symphony no. 5", "Symphonie Nr. 5", "Symphony no. 5 in C minor, op. 67"]
    assert near("Ludwig van Beethoven", titles, "Beethoven: Symphony No. 5, Op. 67") == titles


@pytest.mark.parametrize("asked", ["LOTR: The Two Towers", "TLOTR - The Two Towers"])
def test_a_series_may_be_called_by_its_initials(asked: str) -> None:
    titles = ["The Lord of the Rings: The Two Towers", "The Lord of the Rings: The Return of the King"]
    assert near("Howard Shore", titles, asked) == titles[:1]
    assert near("Howard Shore", titles, f"H{asked}") == []


@pytest.mark.parametrize(
    ("title", "asked", "expected"),
    [
        pytest.param("Gold: Greatest Hits", "Gold", True, id="what any compilation is called"),
        pytest.param("Chronicle: The 20 Greatest Hits", "Chronicle", True, id="it counts songs"),
        pytest.param("Gold: Greatest Hits, Volume 2", "Gold", False, id="it counts volumes"),
        pytest.param("ABBA: The Best Of", "ABBA", False, id="the artist's own name is left"),
        pytest.param("Funk and Soul in Oslo 1960–75", "Funk and Soul in Oslo", True, id="the years of recordings"),
        pytest.param("The Singles 1974–1982", "The Singles", False, id="years tell such titles apart"),
    ],
)
def test_a_subtitle_that_tells_nothing_may_be_left_out(title: str, asked: str, expected: bool) -> None:
    assert bool(near("ABBA", [title, "Arrival"], asked)) is expected


@pytest.mark.parametrize(
    "asked", ["The Making of American IV: The Man Comes Around", "[Live] American IV: The Man"]
)
def test_who_is_not_credited_is_no_composer(asked: str) -> None:
    titles = ["American IV: The Man Comes Around", "American IV: The Man"]
    assert near("Johnny Cash", titles, asked, credit="Johnny Cash") == []
