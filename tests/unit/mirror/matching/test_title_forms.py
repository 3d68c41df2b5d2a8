"""What else a title may be written as: beside its artist, by its number, its comment, in two scripts."""

import pytest

from mirror.derived.names import artist_key, title_key
from mirror.matching.query import AlbumName, Query
from mirror.matching.title_forms import (
    ScrobbledTitle,
    has_nickname,
    is_part_of_name,
    is_translation,
    title_forms,
    title_in_two_scripts,
)


def forms(title: str, artist: str) -> list[str]:
    return list(title_forms(title, title_key(title), artist_key(artist)))


@pytest.mark.parametrize(
    ("artist", "one", "other"),
    [
        ("Toto", "IV", "Toto IV"),
        ("Toto", "4", "Toto IV"),
        ("Toto", "Four", "Toto IV"),
        ("Toto", "IV (Deluxe Edition)", "4"),
        ("Boston", "Third Stage", "Third Stage Boston"),
        ("Boston", "Third Stage", "Third Stage — Boston"),
        ("Boston", "Third Stage", "Third Stage by Boston"),
        ("Boston", "Third Stage", "Third Stage (Boston)"),
        ("Boston", "Third Stage", "Boston - Third Stage"),
        ("The Band", "Cahoots", "Cahoots The Band"),
        ("Sigur Rós", "Takk...", "Takk Sigur Ros"),
        ("Guns N' Roses", "Use Your Illusion I", "Use Your Illusion, Vol. 1"),
    ],
)
def test_two_titles_of_an_artist_are_the_same_if_they_have_a_form_in_common(
    artist: str, one: str, other: str
) -> None:
    assert set(forms(one, artist)) & set(forms(other, artist))


@pytest.mark.parametrize(
    ("artist", "one", "other"),
    [
        pytest.param("Toto", "V", "Toto IV", id="another number"),
        pytest.param("Ed Sheeran", "10", "×", id="a sign that looks like a number"),
        pytest.param("Heart", "Sweet", "Sweetheart", id="a part of a word is no artist"),
        pytest.param("A", "Lbum", "Album", id="nor is a letter"),
        pytest.param("Boston", "Third Stage", "Third Stage Bolton", id="somebody else"),
        pytest.param("Blur", "Be", "Be Blur", id="too little is left"),
        pytest.param("Live", "Throwing Copper", "Throwing Copper Live", id="an artist's name that says something"),
    ],
)
def test_titles_of_different_albums_have_none(artist: str, one: str, other: str) -> None:
    assert not set(forms(one, artist)) & set(forms(other, artist))


@pytest.mark.parametrize(
    ("asked", "album", "comment", "expected"),
    [
        ("Peter Gabriel (Melt)", "Peter Gabriel", "3: Melt", True),
        ("Peter Gabriel 3", "Peter Gabriel", "3: Melt", True),
        ("Peter Gabriel III", "Peter Gabriel", "3: Melt", True),
        ("Weezer (The Blue Album)", "Weezer", "Blue Album", True),
        ("Weezer (Blue)", "Weezer", "Blue Album", True),
        ("The Blue Album", "Weezer", "Blue Album", True),
        ("The Beatles - White Album", "The Beatles", "aka “The White Album”", True),
        ("Crystal Castles II", "Crystal Castles", "II", True),
        ("Peter Gabriel (Car)", "Peter Gabriel", "3: Melt", False),
        ("Peter Gabriel 4", "Peter Gabriel", "3: Melt", False),
        ("Peter Gabriel (Melt Live)", "Peter Gabriel", "3: Melt", False),
        ("Melt", "Peter Gabriel", "3: Melt", False),
        ("Weezer (Blue Demos)", "Weezer", "Blue Album", False),
        ("Blue", "Weezer", "Blue Album", False),
        ("Album", "Weezer", "album", False),
        ("The Christmas Album", "Winter Songs", "Christmas album", False),
        ("Live Album", "Alive", "live album, 1975", False),
        ("Peter Gabriel", "Peter Gabriel", "3: Melt", False),
        ("Weezer (Blue Album)", "Weezer", "", False),
    ],
)
def test_a_part_of_the_comment_may_stand_behind_the_title(
    asked: str, album: str, comment: str, expected: bool
) -> None:
    assert has_nickname(title_key(asked), title_key(album), comment) == expected


@pytest.mark.parametrize(
    ("part", "name", "expected"),
    [
        ("Bach", "Johann Sebastian Bach; Glenn Gould", True),
        ("J.S. Bach", "Johann Sebastian Bach", True),
        ("Johann Sebastian Bach", "J.S. Bach", True),
        ("C.P.E. Bach", "Johann Sebastian Bach", False),
        ("Bacharach", "Johann Sebastian Bach", False),
        ("Johann Sebastian", "Johann Strauss", False),
        ("", "Johann Sebastian Bach", False),
        ("II", "Johann II", False),
    ],
)
def test_a_composer_is_named_by_the_last_name_and_initials(part: str, name: str, expected: bool) -> None:
    assert is_part_of_name(part, name) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Опиум (Opium)", True),
        ("Опиум Opium", True),
        ("Opium Опиум [Remastered]", True),
        ("風街ろまん (Wind City Romance)", True),
        ("風街ろまん Wind City Romance", False),
        ("Опиум (Live)", False),
        ("Опиум (Remixes)", False),
        ("Опиум (Greatest Hits)", False),
        ("Опиум (Best Selection)", False),
        ("Опиум (Агата Кристи)", False),
        ("LOVE マシーン", False),
        ("Опиум", None),
        ("Opium (Opium)", None),
        ("Опиум Opium Опиум", None),
        ("Опиум (Deluxe Edition)", None),
    ],
)
def test_a_title_may_be_written_twice(title: str, expected: bool | None) -> None:
    names = title_in_two_scripts(title)
    assert (None if names is None else is_translation(names, "Агата Кристи")) == expected


def test_the_forms_are_worked_out_once_for_all_artists_of_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[str]()

    def count(title: str, key: str, artist: str) -> list[str]:
        calls.append(artist)
        return [key]

    monkeypatch.setattr("mirror.matching.title_forms.title_forms", count)
    title = ScrobbledTitle(Query.of(0, AlbumName("Boston", "Third Stage")))
    for artist in ["boston", "chicago"] * 150:
        assert title.forms(artist) == ["thirdstage"]
    assert calls == ["boston", "boston", "chicago"]
