"""The heat map: a strip for each listening year, and an axis for all."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.charts.heat_map import ROW, SHADES, UNIT, HeatMap, Shade, draw_heat_map
from app.formatting import share
from app.web.words.wording import decades

PASTS = st.dictionaries(
    st.integers(2002, 2026),
    st.dictionaries(st.integers(1860, 2026), st.integers(0, 100_000), max_size=60),
    max_size=25,
)


def columns(shade: Shade) -> list[int]:
    """The columns that a path fills."""
    cells = re.findall(r"M(\d+) 0h(\d+)v10h-(\d+)z", shade.path)
    assert "".join(f"M{x} 0h{w}v10h-{w}z" for x, w, _ in cells) == shade.path
    return [n for x, w, _ in cells for n in range(int(x) // UNIT, (int(x) + int(w)) // UNIT)]


def drawn(past: dict[int, dict[int, int]]) -> HeatMap:
    heat = draw_heat_map(past)
    assert heat is not None
    return heat


def test_what_has_no_placed_plays_is_not_drawn() -> None:
    assert draw_heat_map({}) is None
    assert draw_heat_map({2024: {}, 2023: {1977: 0}}) is None
    assert list(drawn({2024: {1977: 1}, 2023: {}}).rows) == [2024]


def test_the_axis_begins_with_a_decade_and_ends_with_the_last_year() -> None:
    heat = drawn({2024: {1977: 5, 2012: 5}})
    assert (heat.wide, heat.narrow) == (UNIT * 43, UNIT * 5)
    assert [tick.label for tick in heat.wide_ticks] == ["1970", "1980", "1990", "2000", "2010"]
    assert [tick.label for tick in heat.narrow_ticks] == ["’70", "’80", "’90", "’00", "’10"]
    assert (heat.wide_ticks[0].at, heat.narrow_ticks[0].at) == (0, 10)
    assert heat.columns == ("1970s", "1980s", "1990s", "2000s", "2010s")


def test_on_a_phone_many_decades_are_labelled_in_steps_the_latest_among_them() -> None:
    heat = drawn({2024: dict.fromkeys(range(1950, 2025), 5)})
    assert [tick.label for tick in heat.narrow_ticks] == ["’60", "’80", "’00", "’20"]
    assert len(heat.wide_ticks) == len(heat.columns) == 8


def test_a_stray_old_record_does_not_stretch_the_axis() -> None:
    heat = drawn({2024: {1010: 1, 1928: 1, 1977: 500, 2012: 500}})
    assert heat.columns[0] == "before 1970"
    assert heat.wide == UNIT * (1 + 43)
    first = next(shade for shade in heat.rows[2024].wide.shades if 0 in columns(shade))
    assert first.level == 1, "its plays are gathered, not lost"
    row = heat.rows[2024]
    assert share(row.parts[0], row.plays) == "0.2\u00a0%"


def test_shades_are_the_same_for_the_same_share_in_every_row() -> None:
    heat = drawn({2024: {1977: 80, 1990: 20}, 2023: {1977: 8_000, 1990: 2_000}, 2022: {1977: 20, 1990: 80}})
    assert heat.rows[2024].wide.shades == heat.rows[2023].wide.shades
    levels = {n: shade.level for shade in heat.rows[2022].wide.shades for n in columns(shade)}
    assert levels == {7: SHADES // 2, 20: SHADES}


def test_the_year_itself_has_a_cell_of_its_own_kind_and_never_in_a_decade() -> None:
    row = drawn({2024: {1977: 10, 2024: 10}}).rows[2024]
    assert row.wide.own is not None
    assert columns(row.wide.own) == [54]
    assert row.narrow.own is None
    assert drawn({2024: {1977: 10}}).rows[2024].wide.own is None


def test_what_is_new_does_not_make_all_else_pale() -> None:
    heat = draw_heat_map({2020: {1977: 10, 1990: 5, 2020: 900}})
    strip = heat.rows[2020].wide if heat else None
    assert strip
    assert strip.own
    assert max(shade.level for shade in strip.shades) == strip.own.level == SHADES


def test_the_median_stands_in_the_middle_of_its_year() -> None:
    heat = drawn({2024: {1970: 1, 1977: 3, 1990: 1}})
    row = heat.rows[2024]
    assert row.median == 1977
    assert row.wide.median_at == 75
    assert row.narrow.median_at == 7.5
    said = decades(heat.columns, row.parts, row.median)
    assert said == "Middle year 1977; most plays: 1970s 80.0\u00a0%, 1990s 20.0\u00a0%"


@given(PASTS)
def test_every_cell_has_one_shade_and_every_column_with_plays_a_cell(past: dict[int, dict[int, int]]) -> None:
    heat = draw_heat_map(past)
    for year, row in (heat.rows if heat else {}).items():
        for strip, width in ((row.wide, heat.wide), (row.narrow, heat.narrow)):  # type: ignore[union-attr]
            shades = [*strip.shades, *([strip.own] if strip.own else [])]
            cells = [n for shade in shades for n in columns(shade)]
            assert len(cells) == len(set(cells))
            assert all(0 <= n < width // UNIT for n in cells)
            assert {shade.level for shade in shades} <= set(range(1, SHADES + 1))
            assert strip.median_at is not None
            assert 0 < strip.median_at < width
        assert len(row.parts) == len(heat.columns)  # type: ignore[union-attr]
        assert sum(part != 0 for part in row.parts) == len(
            [n for shade in row.narrow.shades for n in columns(shade)]
        )
        assert any(past[year].values())


@given(PASTS)
def test_ticks_stand_in_order_within_the_axis(past: dict[int, dict[int, int]]) -> None:
    heat = draw_heat_map(past)
    for ticks in (heat.wide_ticks, heat.narrow_ticks) if heat else ():
        assert all(0 <= a.at < b.at < 100 for a, b in pairwise(ticks))


def test_a_line_runs_from_median_to_median_and_is_one_where_rows_meet() -> None:
    heat = drawn({2024: {1990: 5}, 2023: {1980: 5}, 2022: {1970: 5}})
    assert {year: row.wide.line for year, row in heat.rows.items()} == {
        2024: "M205 5L155 10.73",
        2023: "M105 5L155 -0.73M105 5L55 10.73",
        2022: "M5 5L55 -0.73",
    }
    assert heat.rows[2023].narrow.line == "M10.5 5L15.5 -0.73M10.5 5L5.5 10.73"
    assert ROW > UNIT, "across the gap between two strips as well"


def test_no_line_leads_across_a_missing_year_or_to_one_that_stays_apart() -> None:
    heat = draw_heat_map({2024: {1990: 5}, 2022: {1980: 5}, 2021: {1970: 5}, 2020: {1970: 5}}, apart=[2021])
    assert heat is not None
    assert {row.wide.line for row in heat.rows.values()} == {""}
    assert all(row.wide.median_at for row in heat.rows.values())
