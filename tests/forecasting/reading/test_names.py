"""What tables and columns are called: captions, invisible letters, long cells, and dates as machines write them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from forecasting.messages import BadInput
from forecasting.reading import NUMBER_OF_ROWS, Choice, Question, list_channels, read_views


def lines(files, count=40, times=1):
    return [f"{d},{times * n}" for d, n in zip(files.days(count), files.counts(count), strict=True)]


def captioned(files, captions, header="Date,Views", top="sep=,\n"):
    parts = [f'"{caption}"\n{header}\n' + "\n".join(lines(files, times=i)) for i, caption in enumerate(captions, 1)]
    return (top + "\n\n".join(parts) + "\n").encode()


@pytest.mark.parametrize("captions", [("Page reach", "Story reach"), ("页面", "视频"), ("Seite", "Клипы", "A, b")])
def test_tables_are_named_by_their_captions(files, captions):
    data = captioned(files, captions)
    with pytest.raises(Question, match="Several tables") as asked:
        read_views(data, "x.csv")
    assert tuple(value for value, _ in asked.value.options) == captions
    assert asked.value.options[0][1] == f"{captions[0]}: 2021-01-01 – 2021-02-09"
    for i, caption in enumerate(captions, 1):
        channel = read_views(data, "x.csv", Choice(table=caption))
        assert channel.name == caption and channel.views.tolist() == [i * n for n in files.counts(40)]


def test_tables_without_a_caption_are_named_by_what_they_count(files):
    text = "Date,Reach\n" + "\n".join(lines(files)) + "\n\nDate,Clicks\n" + "\n".join(lines(files, times=2)) + "\n"
    with pytest.raises(Question) as asked:
        read_views(text.encode(), "x.csv")
    assert [value for value, _ in asked.value.options] == ["Reach", "Clicks"]
    assert read_views(text.encode(), "x.csv", Choice(table="Clicks", metric="Clicks")).views.iloc[0] == 2000


def test_equal_tables_are_named_by_their_line(files):
    one = "Date,Views\n" + "\n".join(lines(files)) + "\n"
    text = one + "\n" + one.replace(",1000", ",1")
    with pytest.raises(Question) as asked:
        read_views(text.encode(), "x.csv")
    assert [value for value, _ in asked.value.options] == ["x.csv:1", "x.csv:43"]
    assert read_views(text.encode(), "x.csv", Choice(table="x.csv:43")).views.iloc[0] == 1


def test_a_caption_of_a_single_table_is_no_name(files):
    assert read_views(captioned(files, ["My channel"]), "x.csv").name == "x"


INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u17b4\u180b\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2064\u206f"
    "\u3164\ufe00\ufe0f\ufeff\uffa0\ufff0\U0001d173\U000e0001\U000e01ef"
)


@pytest.mark.parametrize("letter", INVISIBLE, ids=lambda letter: f"U+{ord(letter):04X}")
def test_invisible_letters_make_no_difference(files, letter):
    header = [f"Da{letter}te", f"{letter}Vi{letter}ews{letter}"]
    rows = [
        [f"{d}{letter}", f"{n // 1000}{letter}{n % 1000:03}"]
        for d, n in zip(files.days(40), files.counts(40), strict=True)
    ]
    channel = read_views(files.table([header, *rows]), "x.csv")
    assert channel.views.tolist() == files.counts(40) and channel.metric == "views"
    assert read_views(files.table([header, *rows]), "x.csv", Choice(metric="Views")).views.tolist() == files.counts(40)
    long = [
        ["Date", "Video", "Views"],
        *(
            [d, name, n]
            for d, n in zip(files.days(40), files.counts(40), strict=True)
            for name in (f"ca{letter}t", "dog")
        ),
    ]
    assert set(list_channels(files.table(long), "x.csv")) == {"sum of all", "cat", "dog"}
    assert read_views(files.table(long), "x.csv", Choice(channel=f"c{letter}at")).views.tolist() == files.counts(40)
    packed = files.zipped({f"To{letter}tals.csv": files.plain(), "Chart data.csv": files.plain(30)})
    assert len(read_views(packed, "x.zip").views) == 40


@pytest.mark.parametrize("size", [21, 500, 20_000])
@pytest.mark.parametrize("place", [1, 20, 39])
def test_a_quote_that_ends_is_read_however_long(files, size, place):
    note = "\n".join(f"line {i} of a long note, with a comma" for i in range(size))
    rows = [
        ["Date", "Views", "Note"],
        *(
            [d, n, note if i == place else "short"]
            for i, (d, n) in enumerate(zip(files.days(40), files.counts(40), strict=True))
        ),
    ]
    assert read_views(files.table(rows), "x.csv").views.tolist() == files.counts(40)


@pytest.mark.parametrize("letters", [200_000, 900_000])
def test_a_long_line_in_quotes_is_read(files, letters):
    rows = [
        ["Date", "Views", "Note"],
        *(
            [d, n, "x" * letters if i == 3 else ""]
            for i, (d, n) in enumerate(zip(files.days(40), files.counts(40), strict=True))
        ),
    ]
    assert read_views(files.table(rows), "x.csv").views.tolist() == files.counts(40)


@pytest.mark.parametrize("end", ["", '"\n2022-01-01,5\n'])
def test_a_quote_that_swallows_rows_is_refused(files, end):
    text = 'Date,Views,Note\n2021-01-01,5,"oh\n' + "\n".join(f"{line},a" for line in lines(files)) + "\n" + end
    with pytest.raises(BadInput, match="quote that never ends"):
        read_views(text.encode(), "x.csv")


@pytest.mark.parametrize("size", [136_000, 900_000])
@pytest.mark.parametrize("letter", ["9", "1,", "a", " ", "-", "=", "2021-01-01 ", ":", "("])
def test_no_cell_is_too_long_to_be_looked_at(files, size, letter):
    long = (letter * size)[:size]
    top = [["Date", "Views"], [long, "5"], *zip(files.days(40), files.counts(40), strict=True)]
    assert read_views(files.table(top), "x.csv").views.tolist() == files.counts(40)
    with pytest.raises(BadInput):
        read_views(files.table([["Date", long], *([d, long] for d in files.days(3))]), "x.csv")


@pytest.mark.parametrize("scale", [1, 1000])
@pytest.mark.parametrize("word", ["timestamp", "time", "Date", "ts", "epoch", "unix", "时间"])
def test_seconds_since_1970(files, scale, word, said):
    stamps = [int(datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp()) * scale for d in files.days(40)]
    rows = [[word, "views"], *zip(stamps, files.counts(40), strict=True)]
    for data in (files.table(rows), files.workbook([list(row) for row in rows])):
        channel = read_views(data, "x.csv")
        assert channel.views.tolist() == files.counts(40) and channel.views.index[0].date() == files.days(1)[0]
        assert "seconds since 1970" in said(channel)


def test_ten_digits_alone_are_no_dates(files):
    rows = [["id", "phone", "views"], *([i, 1_600_000_000 + i, n] for i, n in enumerate(files.counts(40)))]
    with pytest.raises(BadInput, match="no column of dates"):
        read_views(files.table(rows), "x.csv")
    billions = [
        ["Date", "Views"],
        *([d, 1_500_000_000 + n] for d, n in zip(files.days(40), files.counts(40), strict=True)),
    ]
    assert read_views(files.table(billions), "x.csv").views.iloc[0] == 1_500_001_000


@pytest.mark.parametrize(
    "written",
    [
        "{0:%d}/{1}/{0:%Y}:{0:%H:%M:%S}",
        "{0:%d}/{1}/{0:%Y}:{0:%H:%M:%S} +0000",
        "[{0:%d}/{1}/{0:%Y}:{0:%H:%M:%S} +0000]",
        "{1} {0:%d} {0:%Y} {0:%H:%M:%S} GMT-0400 (Eastern Daylight Time)",
    ],
)
def test_a_log_is_counted_by_day_once_that_is_said(files, written, said):
    """Each row is one view; on some days there is none."""
    days = [d for i, d in enumerate(files.days(40)) if i not in (7, 8, 20)]
    stamps = [datetime(d.year, d.month, d.day, 6 + i % 9, i % 60) for d in days for i in range(1 + d.day % 5)]
    rows = [
        ["time", "page", "status"],
        *([written.format(s, f"{s:%b}"), f"/p{i % 3}", 200] for i, s in enumerate(stamps)),
    ]
    with pytest.raises(Question) as asked:
        read_views(files.table(rows), "access.csv")
    assert asked.value.asks == "metric" and NUMBER_OF_ROWS in [value for value, _ in asked.value.options]
    channel = read_views(files.table(rows), "access.csv", Choice(metric=NUMBER_OF_ROWS, keep_last=True))
    truth = {d: 1 + d.day % 5 for d in days}
    assert channel.views.tolist() == [truth.get(d, 0) for d in files.days(40)]
    assert f"The {len(stamps)} rows of the file were counted by day" in said(channel)


def test_rows_without_any_number_are_counted_once_that_is_said(files):
    days = [d for d in files.days(40) for _ in range(1 + d.day % 3)]
    data = files.table([["Date", "Visitor"], *([d, f"v{i}"] for i, d in enumerate(days))])
    with pytest.raises(Question, match="rows can be counted") as asked:
        read_views(data, "x.csv")
    assert [value for value, _ in asked.value.options] == [NUMBER_OF_ROWS]
    views = read_views(data, "x.csv", Choice(metric=NUMBER_OF_ROWS)).views
    assert views.tolist() == [1 + d.day % 3 for d in files.days(40)]


MONTHS = {
    "{0.day} {1} {0.year}": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "{0.day}. {1} {0.year}": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "{0.day} de {1} de {0.year}": "enero febrero marzo abril mayo junio julio "
    "agosto septiembre octubre noviembre diciembre",
    "{0.day} de {1}. de {0.year}": "jan fev mar abr mai jun jul ago set out nov dez",
    "{0.day} {1} {0.year} г.": "янв. февр. мар. апр. мая июн. июл. авг. сент. окт. нояб. дек.",
    "{0.day:02} {1} {0.year}": "gen feb mar apr mag giu lug ago set ott nov dic",
    "{0.day:02} {1} {0.year} ": "Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara",
    "{0.day}-{1}-{0.year}": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "{0.day} {1}, {0.year}": "जन॰ फ़र॰ मार्च अप्रैल मई जून जुल॰ अग॰ सित॰ अक्टू॰ नव॰ दिस॰",
    "{0.day}/{1}/{0.year}": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "{0.day} {1} {2}": "ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค.",
    "{0.year}년 {1}월 {0.day}일": "1 2 3 4 5 6 7 8 9 10 11 12",
    "{0.day} thg {1}, {0.year}": "1 2 3 4 5 6 7 8 9 10 11 12",
    "{0.day} {1} {0.year}  ": "Jan Feb Mar Apr Mei Jun Jul Agu Sep Okt Nov Des",
}


@pytest.mark.parametrize("written", MONTHS)
def test_months_in_other_languages(files, written):
    days = files.days(400)
    names = MONTHS[written].split()
    rows = [
        ["Date", "Views"],
        *(
            [written.format(d, names[d.month - 1], d.year + 543), n]
            for d, n in zip(days, files.counts(400), strict=True)
        ),
    ]
    channel = read_views(files.table(rows), "x.csv")
    assert channel.views.tolist() == files.counts(400) and channel.views.index[0].date() == days[0]


def test_a_year_of_the_buddhist_calendar(files):
    days = files.days(60, date(2023, 12, 20))
    rows = [
        ["วันที่", "ยอดดู"],
        *([f"{d.day}/{d.month}/{d.year + 543}", n] for d, n in zip(days, files.counts(60), strict=True)),
    ]
    assert read_views(files.table(rows), "x.csv").views.index[0].date() == days[0]


def test_fractions_of_seconds_and_hours_since_1970(files):
    start = datetime(2021, 1, 1, tzinfo=UTC)
    rows = [["ts", "views"], *([(start + timedelta(hours=h)).timestamp() + 0.25, 10 + h % 5] for h in range(240))]
    views = read_views(files.table(rows), "x.csv").views
    assert len(views) == 10 and views.iloc[0] == sum(10 + h % 5 for h in range(24))
