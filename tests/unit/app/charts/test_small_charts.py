"""Small charts: several listeners on one scale."""

from app.charts.small_charts import draw_small_charts

OLD = {1970: 10, 1971: 20, 1972: 10, 2020: 10}
NEW = {2005: 100, 2006: 200, 2007: 100, 2020: 100}


def test_equal_shares_are_equally_high_and_equal_years_in_the_same_place() -> None:
    one, other = draw_small_charts([OLD, NEW], 2020).charts
    heights = [[bar.height for bar in chart.bars] for chart in (one, other)]
    assert heights[0] == heights[1]
    assert one.bars[-1].x == other.bars[-1].x
    assert one.year_ticks == other.year_ticks
    assert one.play_ticks == other.play_ticks


def test_rows_have_the_plays_of_all_in_their_order() -> None:
    rows = {row.name: row.plays for row in draw_small_charts([OLD, NEW, {}], 2020).rows}
    assert rows["1971"] == (20, 0, 0)
    assert rows["2006"] == (0, 200, 0)
    assert rows["2020"] == (10, 100, 0)


def test_whoever_plays_little_has_as_much_weight_on_the_axis() -> None:
    many = dict.fromkeys(range(1990, 2021), 1000)
    rows = draw_small_charts([many, {1950: 5, 1951: 5}], 2020).rows
    assert [row.name for row in rows[:2]] == ["1950", "1951"], "they are no strays among another's plays"


def test_one_who_has_two_years_alone_does_not_squeeze_the_others() -> None:
    usual = dict.fromkeys(range(1990, 2020), 10)
    *charts, cut = draw_small_charts([usual, usual, usual, {1985: 30, 1986: 30, 2001: 10}], 2020).charts
    assert all(bar.height > 50 for chart in charts for bar in chart.bars)
    assert not any(chart.cuts for chart in charts)
    assert [len(one.numbers) for one in cut.cuts] == [1, 0, 1], "numbers do not lie over each other"
    assert cut.cuts[0].numbers[0].plays == 30


def test_new_music_that_would_squeeze_all_others_is_cut_for_each() -> None:
    charts = draw_small_charts([OLD | {2020: 400}, NEW], 2020).charts
    assert [len(chart.cuts) for chart in charts] == [1, 0]


def test_decades_have_no_bands_and_nothing_of_its_own_year() -> None:
    small = draw_small_charts([OLD, NEW], 2020, by_decade=True)
    assert [row.name for row in small.rows] == ["the 1970s", "the 2000s", "the 2020s"]
    assert not small.charts[0].bands


def test_without_any_plays_there_are_empty_charts() -> None:
    small = draw_small_charts([{}, {}], 2020)
    assert not small.rows
    assert [chart.bars for chart in small.charts] == [(), ()]
