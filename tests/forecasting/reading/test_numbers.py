"""Thousands and decimal marks, short forms, and what is no number."""

import pytest

from forecasting.messages import BadInput
from forecasting.reading import Choice, Question, read_views

FROM_FILE = Choice()


def read(files, cells, choice=FROM_FILE, name="Views", separator=","):
    rows = [["Date", name], *zip(files.days(len(cells)), cells, strict=True)]
    return read_views(files.table(rows, separator), "x.csv", choice).views.tolist()


@pytest.mark.parametrize(
    "written",
    ["{:,}", "{}", "{:,} ", "${:,}", "{:,} 次", "+{}", "{}.0", "'{}", "{:,}回", "{:,}.00"],
)
def test_in_english_style(files, written):
    assert read(files, [written.format(n * 997) for n in files.counts(40)]) == [n * 997 for n in files.counts(40)]


@pytest.mark.parametrize("mark", [".", " ", "\u00a0", "\u202f", "'", "’"])
def test_other_thousands_marks(files, mark):
    counts = [n * 997 for n in files.counts(40)]
    assert read(files, [f"{n:,}".replace(",", mark) for n in counts]) == counts


def test_views_are_whole_so_a_mark_before_three_digits_parts_thousands(files):
    assert read(files, [f"{n:,}".replace(",", ".") for n in files.counts(40)]) == files.counts(40)
    assert read(files, [f"{n:,}" for n in files.counts(40)], separator=";") == files.counts(40)


def test_other_numbers_with_three_decimals_are_asked(files):
    cells = [f"{n / 1000:.3f}" for n in files.counts(40)]
    with pytest.raises(Question) as asked:
        read(files, cells, Choice(metric="ratio"), "ratio")
    assert asked.value.asks == "decimal" and dict(asked.value.options) == {",": "1000", ".": "1"}
    assert read(files, cells, Choice(metric="ratio", decimal="."), "ratio")[1] == 1.101
    assert read(files, cells, Choice(metric="ratio", decimal=","), "ratio")[1] == 1101


def test_mixed_styles_are_refused(files):
    with pytest.raises(BadInput, match="mix decimal"):
        read(files, ["1,234.5", "1.234,5"] * 10)


def test_short_forms(files):
    assert read(files, ["1.2K", "3.4万", "5.6萬", "1.5M", "2億", "900", "1k", "2.5B", "1.1千"] + ["1000"] * 9)[:9] == [
        1200, 34000, 56000, 1.5e6, 2e8, 900, 1000, 2.5e9, 1100,
    ]  # fmt: skip
    assert read(files, ["1,2K", "3,4K"] * 9)[:2] == [1200, 3400]


def test_full_width_digits(files):
    assert read(
        files, [str(n).translate(str.maketrans("0123456789", "０１２３４５６７８９")) for n in files.counts(30)]
    ) == files.counts(30)


def test_percent_is_no_count(files):
    with pytest.raises(Question):
        read(files, ["0.18%"] * 20, name="CTR")
    assert read(files, ["0.18%", "0.20%"] * 10, Choice(metric="CTR"), "CTR")[0] == 0.18


@pytest.mark.parametrize("cell", ["--", "N/A", "", "-", "null", "NaN", "n/a", "—", "#N/A", "无"])
def test_cells_that_say_nothing_are_unknown(files, cell):
    cells = [str(n) for n in files.counts(40)]
    cells[20] = cells[21] = cell
    views = read(files, cells, Choice(fill="none"))
    assert views[:20] == files.counts(40)[:20] and views[22:] == files.counts(40)[22:]
    assert all(view != view for view in views[20:22])


def test_a_word_among_numbers_is_named(files, said):
    rows = [["Date", "Views"], *map(list, zip(files.days(40), files.counts(40), strict=True))]
    rows[20][1] = "maintenance"
    assert "Cells without a number, taken as unknown: 1." in said(read_views(files.table(rows), "x.csv"))


def test_negative_counts_are_unknown_and_many_are_refused(files, said):
    rows = [["Date", "Views"], *map(list, zip(files.days(40), files.counts(40), strict=True))]
    rows[20][1] = -5
    channel = read_views(files.table(rows), "x.csv")
    assert "Days with negative numbers, taken as unknown: 1." in said(channel) and channel.views.min() >= 0
    with pytest.raises(BadInput, match="negative"):
        read(files, [-n for n in files.counts(40)])
    assert read(files, [-n for n in files.counts(40)], Choice(metric="Subscribers"), "Subscribers")[0] == -1000


@pytest.mark.parametrize("cell", ["inf", "-inf", "Infinity", "1e300", "999999999999999"])
def test_endless_counts_are_unknown_and_many_are_refused(files, said, cell):
    rows = [["Date", "Views"], *map(list, zip(files.days(40), files.counts(40), strict=True))]
    rows[20][1] = cell
    channel = read_views(files.table(rows), "x.csv")
    assert "too large" in said(channel) and channel.views.max() < 2000
    with pytest.raises(BadInput, match="too large"):
        read(files, [cell] * 39 + ["5"])


def test_a_constant_column_is_refused(files):
    with pytest.raises(BadInput, match="same number, 7"):
        read(files, [7] * 40)
    with pytest.raises(BadInput, match="zero views"):
        read(files, [0] * 40)


@pytest.mark.parametrize(
    "cell", ["e49", "E+5", "K", "万", "$", "%", "1,23", "1.2.3", "12,34,5", "--5", "1 23", "0x1F", "1e", "٣"]
)
def test_what_is_no_number(files, said, cell):
    rows = [["Date", "Views"], *map(list, zip(files.days(40), files.counts(40), strict=True))]
    rows[20][1] = cell
    if cell == "1,23":  # a number with a decimal comma
        assert read_views(files.table(rows), "x.csv").views.iloc[19] == 1.23
    else:
        assert "Cells without a number, taken as unknown: 1." in said(read_views(files.table(rows), "x.csv"))
