"""Lists of days with a name: typed, pasted, in a file, and as exports say when things were published."""

import csv
import io
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forecasting.events import KINDS, MOST_EVENTS, Event, merged
from forecasting.messages import BadInput
from forecasting.names import clean_name
from forecasting.reading import Question
from forecasting.reading.events import events_to_csv, read_event_file, read_events
from forecasting.reading.published import publications
from forecasting.split import Period

MARCH = date(2022, 3, 1)
FORMS = {
    "iso": lambda day: day.isoformat(),
    "slashes": lambda day: day.strftime("%Y/%m/%d"),
    "packed": lambda day: day.strftime("%Y%m%d"),
    "american": lambda day: f"{day:%b} {day.day}, {day.year}",
    "british": lambda day: f"{day.day} {day:%B} {day.year}",
    "chinese": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "clock": lambda day: f"{day.isoformat()} 18:30",
    "zone": lambda day: f"{day.isoformat()}T18:30:00Z",
}
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
NAMES = st.text(LETTERS, max_size=40).map(clean_name)
EVENTS = st.builds(Event, st.dates(date(1971, 1, 1), date(2099, 12, 31)), NAMES, st.sampled_from(KINDS), st.booleans())


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=8))
@example([Event(MARCH, "=1+1", "upload"), Event(MARCH, "'=1+1"), Event(MARCH, '"quoted", 12', "other", False)])
@example([Event(MARCH, "yes", "outage"), Event(MARCH, "upload"), Event(MARCH, "2022-04-01"), Event(MARCH, "12:30")])
def test_a_saved_list_is_read_back_as_it_was(events):
    found = read_events(events_to_csv(events))
    assert list(found.events) == events and not found.complaints


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.dates(date(2001, 1, 1), date(2068, 12, 31)), st.integers(0, 99)), min_size=1, max_size=6))
def test_every_way_to_write_a_day_and_to_set_a_name_apart(rows):
    for write in FORMS.values():
        for apart in (" ", ",", "\t", " - ", ": ", " | "):
            text = "\n".join(f"{write(day)}{apart}Episode {number}" for day, number in rows)
            assert read_events(text).events == tuple(Event(day, f"Episode {number}") for day, number in rows)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_events_or_sentences_and_never_falls_over(text):
    try:
        found = read_events(text)
    except Question:
        return
    assert all(event.name == clean_name(event.name) for event in found.events)
    assert len(found.events) + len(found.complaints) <= len(text.splitlines())


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("2022-03-01", Event(MARCH)),
        ("2022年3月1日第12集", Event(MARCH, "第12集")),
        ("2022-03-01（周二） 第12集", Event(MARCH, "第12集")),
        ("Tue, Mar 1, 2022 Episode, the end", Event(MARCH, "Episode, the end")),
        ("- 2022-03-01 Bullet", Event(MARCH, "Bullet")),
        ("Episode 12, 2022-03-01", Event(MARCH, "Episode 12")),
        ("Episode 12 on Mar 1, 2022", Event(MARCH, "Episode 12 on")),
        ("Episode 12\tMar 1, 2022\t1,234\t0:03:11", Event(MARCH, "Episode 12")),
        ("2022-03-01,Episode 12, the end,campaign", Event(MARCH, "Episode 12, the end", "campaign")),
        ("2022-03-01;Sale;推广;否", Event(MARCH, "Sale", "campaign", learn=False)),
        ("2022-03-01,,outage,no", Event(MARCH, "", "outage", learn=False)),
        ("1 de marzo de 2022 Episodio", Event(MARCH, "Episodio")),
        ("2022-03-01 שלום *b* <b> 👩\u200d👧 \u202egnp", Event(MARCH, "שלום *b* <b> 👩\u200d👧 gnp")),
    ],
)
def test_what_people_paste(line, event):
    assert read_events(line).events == (event,)


def test_a_bad_line_is_named_and_the_good_ones_are_kept():
    found = read_events("Date,Event\n2022-03-01 One\n\nno day here\n2022-02-30 Never\n2022-03-02 Two\n")
    assert [event.name for event in found.events] == ["One", "Two"]
    assert [complaint.translated() for complaint in found.complaints] == [
        "Line 4 has no day: no day here",
        "Line 5: 2022-02-30 is no day of the calendar.",
    ]


def test_day_and_month_are_asked_about_unless_the_list_or_the_channel_tells():
    with pytest.raises(Question) as asked:
        read_events("1/7/2020 a\n2/8/2020 b")
    assert [order for order, _ in asked.value.options] == ["dmy", "mdy"]
    assert read_events("1/7/2020 a", "mdy").events[0].day == date(2020, 1, 7)
    assert read_events("1/7/2020 a\n13/7/2020 b").events[0].day == date(2020, 7, 1)
    near = Period(date(2020, 7, 1), date(2020, 8, 31))
    assert read_events("1/7/20 a\n2/7/20 b", near=near).events[0].day == date(2020, 7, 1)
    in_order = "1/2/2020 a\n1/5/2020 b\n1/8/2020 c\n2/1/2020 d"
    assert [event.day.month for event in read_events(in_order).events] == [1, 1, 1, 2]


def test_more_than_a_channel_takes_are_cut_with_a_sentence():
    found = read_events("\n".join(f"2022-03-01 Episode {number}" for number in range(MOST_EVENTS + 5)))
    assert len(found.events) == MOST_EVENTS and "first 2000" in found.complaints[-1].translated()


def test_no_cell_of_a_saved_list_runs_in_a_spreadsheet():
    names = ["=1+1", "+a", "-b", "@x", "'=1"]
    rows = list(csv.reader(io.StringIO(events_to_csv([Event(MARCH, name) for name in names]))))
    assert all(row[1].startswith("'") for row in rows[1:])


CHART = [
    (MARCH + timedelta(day), number, f'"Video {number}, *new*"', f'"Mar {number + 1}, 2022"')
    for day in range(28)
    for number in range(3)
]
UPLOADS = tuple(Event(MARCH + timedelta(number), f"Video {number}, *new*", "upload") for number in range(3))


def test_uploads_of_studios_chart_data_are_each_found_once():
    rows = "\n".join(f"{day},id{number},{title},{published},0:03:04,7" for day, number, title, published in CHART)
    text = f"Date,Content,Video title,Video publish time,Duration,Views\n{rows}\n"
    assert publications(text.encode(), "Chart data.csv") == UPLOADS


@pytest.mark.parametrize(
    "header",
    [
        "Content,Video title,Video publish time,Views",
        "内容,视频标题,视频发布时间,观看次数",
        "コンテンツ,動画のタイトル,動画公開時刻,視聴回数",
    ],
)
def test_uploads_of_studios_table_in_the_zip_and_in_a_file_of_their_own(header, files):
    rows = "\n".join(f"id{number},{title},{published},84" for _, number, title, published in CHART[:3])
    table = f"{header}\nTotal,,,252\n{rows}\n"
    totals = "Date,Views\n" + "\n".join(f"{MARCH + timedelta(day)},9" for day in range(28))
    assert publications(files.zipped({"Table data.csv": table, "Totals.csv": totals}), "export.zip") == UPLOADS
    assert read_event_file(table.encode(), "Table data.csv").events == UPLOADS


def test_daily_views_alone_hold_no_uploads_and_a_picture_is_refused():
    totals = "Date,Views\n" + "\n".join(f"{MARCH + timedelta(day)},9" for day in range(28))
    assert publications(totals.encode(), "Totals.csv") == ()
    assert publications(b"\x89PNG", "x.png") == ()
    with pytest.raises(BadInput, match="not with names"):
        read_event_file(totals.encode(), "Totals.csv")
    with pytest.raises(BadInput):
        read_event_file(b"\x89PNG\r\n", "x.png")


def test_of_two_events_with_one_day_and_name_the_later_stays():
    old, new = Event(MARCH, "Sale"), Event(MARCH, "Sale", "campaign", learn=False)
    assert merged([old, Event(MARCH, "Other")], [new]) == (Event(MARCH, "Other"), new)
    many = [Event(MARCH, str(number)) for number in range(MOST_EVENTS)]
    assert old in merged([old], many) and len(merged([old], many)) == MOST_EVENTS
