"""The catalogue: the facts in the file and what is derived from them fit together."""

from collections import Counter

import pytest

from demo.musicbrainz.catalogue import CatalogueAlbum, ReleaseStatus, albums


def _named(artist: str, title: str, year: int | None) -> CatalogueAlbum:
    return next(album for album in albums() if (album.artist, album.title, album.year) == (artist, title, year))


def _share(count: int) -> float:
    return count / len(albums())


def _titles_in_order(album: CatalogueAlbum) -> list[str]:
    return [release.title for release in sorted(album.releases, key=lambda release: release.year or 0)]


def test_there_is_enough_music_for_a_year_of_listening() -> None:
    assert len(albums()) >= 400


def test_every_decade_since_the_sixties_is_well_represented() -> None:
    decades = Counter(album.year // 10 * 10 for album in albums() if album.year)

    assert set(decades) == set(range(1950, 2030, 10))
    assert all(decades[decade] >= 25 for decade in range(1960, 2030, 10))


def test_an_albums_year_is_the_earliest_of_its_releases_that_were_not_cancelled() -> None:
    for album in albums():
        years = [
            release.year
            for release in album.releases
            if release.status is not ReleaseStatus.CANCELLED and release.year is not None
        ]
        assert album.year == min(years, default=None), album.title


def test_a_cancelled_release_is_dated_before_the_album_came_out() -> None:
    cancelled = [
        (release.year, album.year)
        for album in albums()
        for release in album.releases
        if release.status is ReleaseStatus.CANCELLED
    ]

    assert len(cancelled) >= 3
    assert all(announced and year and announced < year for announced, year in cancelled)


def test_a_bootleg_is_dated_in_the_year_that_the_album_came_out() -> None:
    bootlegs = [
        (release.year, album.year)
        for album in albums()
        for release in album.releases
        if release.status is ReleaseStatus.BOOTLEG
    ]

    assert len(bootlegs) >= 3
    assert all(bootleg == year for bootleg, year in bootlegs)


def test_some_albums_have_no_known_year() -> None:
    assert 1 <= sum(album.year is None for album in albums()) <= 5


def test_no_mbid_is_used_twice() -> None:
    mbids = [
        mbid
        for album in albums()
        for mbid in (
            album.group_mbid,
            *album.merged_mbids,
            *(known for release in album.releases for known in (release.mbid, *release.merged_mbids)),
        )
    ]

    assert len(set(mbids)) == len(mbids)


def test_mbids_are_of_both_name_based_versions() -> None:
    versions = Counter(album.group_mbid.version for album in albums())

    assert set(versions) == {3, 5}
    assert versions[3] < versions[5]


def test_lastfm_reports_usable_stale_and_no_mbids_in_realistic_shares() -> None:
    usable = _share(sum(album.has_usable_mbid for album in albums()))
    none = _share(sum(album.lastfm_mbid is None for album in albums()))

    assert usable == pytest.approx(0.62, abs=0.03)
    assert none == pytest.approx(0.33, abs=0.03)
    assert 1 - usable - none == pytest.approx(0.05, abs=0.02)


def test_lastfm_reports_first_releases_reissues_and_merged_ones() -> None:
    reported = Counter(
        "retired" if album.lastfm_mbid in release.merged_mbids else release.year == album.year
        for album in albums()
        for release in album.releases
        if album.lastfm_mbid in (release.mbid, *release.merged_mbids)
    )

    assert reported[True] > reported[False] > reported["retired"] >= 10


def test_lastfm_names_no_two_albums_alike() -> None:
    names = Counter((album.lastfm_artist.casefold(), album.lastfm_title.casefold()) for album in albums())

    assert max(names.values()) == 1


def test_lastfm_cuts_names_at_255_characters() -> None:
    assert max(len(album.lastfm_title) for album in albums()) == 255


def test_names_that_lastfm_spells_alike_are_not_repeated() -> None:
    debut = _named("The Doors", "The Doors", 1967)

    assert (debut.lastfm_artist, debut.lastfm_title) == ("The Doors", "The Doors")


def test_two_albums_may_share_their_artist_and_title() -> None:
    blue, green = _named("Weezer", "Weezer", 1994), _named("Weezer", "Weezer", 2001)

    assert blue.group_mbid != green.group_mbid
    assert blue.lastfm_title != green.lastfm_title


def test_albums_of_one_name_are_told_apart_by_their_comments() -> None:
    blue, green = _named("Weezer", "Weezer", 1994), _named("Weezer", "Weezer", 2001)

    assert (blue.comment, green.comment) == ("Blue Album", "Green Album")


def test_most_albums_have_no_other_title_and_no_comment() -> None:
    assert 0 < _share(sum(bool(album.titles) for album in albums())) < 0.1
    assert 0 < _share(sum(bool(album.comment) for album in albums())) < 0.1


def test_an_albums_other_titles_are_not_its_own() -> None:
    for album in albums():
        assert len({album.title, *album.titles}) == 1 + len(album.titles), album.title


def test_the_last_edition_has_the_first_of_the_other_titles() -> None:
    machine = _named("Kraftwerk", "Die Mensch·Maschine", 1978)

    assert machine.titles == ("The Man‐Machine",)
    assert _titles_in_order(machine) == [*["Die Mensch·Maschine"] * (len(machine.releases) - 1), "The Man‐Machine"]


def test_an_album_without_reissues_keeps_its_own_title() -> None:
    camp = _named("Fishmans", "空中キャンプ", 1996)

    assert camp.titles == ("Kuchu Camp",)
    assert _titles_in_order(camp) == ["空中キャンプ"]


def test_the_reissue_that_lastfm_reports_has_lastfms_title_even_where_there_are_others() -> None:
    western = _named("Ennio Morricone", "Il buono, il brutto, il cattivo", 1966)
    (reported,) = (release for release in western.releases if release.mbid == western.lastfm_mbid)

    assert western.titles
    assert reported.title == western.lastfm_title


def test_a_joint_album_credits_each_of_its_artists() -> None:
    joint = _named("Brian Eno & David Byrne", "My Life in the Bush of Ghosts", 1981)

    assert [credit.artist for credit in joint.credits] == ["Brian Eno", "David Byrne"]


def test_an_artist_may_be_credited_under_another_name() -> None:
    (credit,) = _named("Snoop Doggy Dogg", "Doggystyle", 1993).credits

    assert (credit.artist, credit.name) == ("Snoop Dogg", "Snoop Doggy Dogg")


def test_the_credited_names_and_what_joins_them_spell_the_artist() -> None:
    for album in albums():
        assert "".join(credit.name + credit.join_phrase for credit in album.credits) == album.artist


def test_every_album_has_tracks_and_no_name_is_blank_or_padded() -> None:
    for album in albums():
        assert album.tracks
        names = [album.artist, album.title, album.lastfm_artist, album.lastfm_title, *album.tracks]
        names += [*album.aliases, *album.titles]
        assert all(name and name == name.strip() for name in names)
