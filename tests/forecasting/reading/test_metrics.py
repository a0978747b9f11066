"""What the numbers are: known words are read, unknown ones asked about, and nothing else is taken for views."""

import tomllib
from pathlib import Path

import pytest

from forecasting.messages import BadInput
from forecasting.reading import EVERY_COLUMN, SUM_OF_ALL, Choice, Question, list_channels, read_views
from forecasting.reading.heading import letter

HEADERS = tomllib.loads(Path(__file__).with_name("headers.toml").read_text(encoding="utf-8"))
STUDIO, SEARCH = HEADERS["studio"], HEADERS["search"]


def columns_of(files, others, views, order):
    """Views, and beside them hours, durations, small counts, large counts, rates and a count alike."""
    counts = files.counts(60)
    made = [
        [f"{n / 19.7:.4f}" for n in counts],
        [f"0:0{n % 6}:{10 + n % 49}" for n in counts],
        [n % 11 - 3 for n in counts],
        [23 * n for n in counts],
        [f"{2 + n % 7 / 10:.2f}" for n in counts],
        [n - 40 for n in counts],
    ]
    named = dict(zip(others, made, strict=True)) | {views: counts}
    header = [*others, views] if order == "last" else [views, *others]
    return header, list(zip(*(named[name] for name in header), strict=True))


@pytest.mark.parametrize("order", ["first", "last"])
@pytest.mark.parametrize("language", STUDIO)
def test_views_are_found_among_the_metrics_of_studio(files, language, order):
    day, others, views = (STUDIO[language][name] for name in ("date", "others", "views"))
    header, cells = columns_of(files, others, views, order)
    data = files.table([[day, *header], *([d, *row] for d, row in zip(files.days(60), cells, strict=True))])
    channel = read_views(data, "Table data.csv")
    assert channel.views.tolist() == files.counts(60) and channel.metric == "views"
    assert channel.metrics[0] == views and set(channel.metrics) == set(header)
    assert read_views(data, "x.csv", Choice(metric=others[3])).views.tolist() == [23 * n for n in files.counts(60)]


@pytest.mark.parametrize("language", STUDIO)
def test_no_other_metric_of_studio_is_taken_for_views(files, language):
    day, others, views = (STUDIO[language][name] for name in ("date", "others", "views"))
    header, cells = columns_of(files, others, views, "last")
    for place, name in enumerate(others):
        data = files.table([[day, name], *([d, row[place]] for d, row in zip(files.days(60), cells, strict=True))])
        with pytest.raises(Question) as asked:
            read_views(data, "Totals.csv")
        assert asked.value.asks == "metric" and asked.value.options[0][0] == name
    without = files.table([[day, *others], *([d, *row[:-1]] for d, row in zip(files.days(60), cells, strict=True))])
    with pytest.raises(Question) as asked:
        list_channels(without, "x.csv")
    assert {value for value, _ in asked.value.options} == set(others)


@pytest.mark.parametrize("language", SEARCH)
def test_a_search_report_has_no_views(files, language):
    rows = [
        [d, n, 20 * n, f"{n % 7 + 1}%", f"{n % 9 + 1}.5"] for d, n in zip(files.days(60), files.counts(60), strict=True)
    ]
    data = files.zipped({"Chart.csv": files.table([SEARCH[language], *rows])})
    with pytest.raises(Question) as asked:
        read_views(data, "x.zip")
    clicks, impressions = SEARCH[language][1:3]
    assert {value for value, _ in asked.value.options[:2]} == {clicks, impressions}
    assert read_views(data, "x.zip", Choice(metric=clicks)).views.tolist() == files.counts(60)
    channel = read_views(data, "x.zip", Choice(metric=impressions))
    assert channel.views.tolist() == [20 * n for n in files.counts(60)] and channel.metric == impressions


WORDS = """
    Views; views; VIEWS; Video views; view_count; Page Views; Pageviews;
    screenPageViews; nb_pageviews; Aufrufe; Seitenaufrufe; Visualizaciones;
    Vistas; Páginas vistas; Visualizações; visualizacoes; Vues; Pages vues;
    Visualizzazioni; Просмотры; ПРОСМОТРЫ; 조회수; 視聴回数; 再生回数; ページビュー数; 觀看次數;
    观看次数; 播放量; Penayangan; Lượt xem; Số lượt xem; Görüntülenme; GÖRÜNTÜLEME;
    จำนวนการดู; ยอดวิว; المشاهدات; عدد     المشاهدات; व्यू; Wyświetlenia;
    Odsłony; Weergaven; Visningar; Zhlédnutí; Vizionări; Προβολές; צפיות;
    Перегляди
"""


@pytest.mark.parametrize("word", [word.strip() for word in WORDS.split(";")])
def test_words_for_views(files, word):
    data = files.plain(header=("Date", word))
    channel = read_views(data, "x.csv")
    assert channel.views.tolist() == files.counts(40) and channel.metric == "views"


def test_columns_of_unknown_words_are_asked_with_their_first_numbers(files):
    rows = [
        ["Datum", "Foo (bar)", "Qux"],
        *([d, f"{n / 20:.1f}", n] for d, n in zip(files.days(40), files.counts(40), strict=True)),
    ]
    with pytest.raises(Question, match="no column of views") as asked:
        read_views(files.table(rows), "x.csv")
    assert asked.value.options == (("Qux", "Qux: 1000  1101  1202"), ("Foo (bar)", "Foo (bar): 50.0  55.0  60.1"))
    total = [rows[0], ["Total", 9, 9], *rows[1:]]
    with pytest.raises(Question) as asked:
        read_views(files.table(total), "x.csv")
    assert asked.value.options[0][1] == "Qux: 1000  1101  1202"
    assert read_views(files.table(rows), "x.csv", Choice(metric="Qux")).views.tolist() == files.counts(40)


def test_alike_columns_of_unknown_words_can_be_channels(files):
    rows = [["Date", "Alpha", "Beta"], *([d, n, 2 * n] for d, n in zip(files.days(40), files.counts(40), strict=True))]
    data = files.table(rows)
    with pytest.raises(Question) as asked:
        read_views(data, "x.csv")
    assert [value for value, _ in asked.value.options] == ["Alpha", "Beta", EVERY_COLUMN]
    every = Choice(metric=EVERY_COLUMN)
    assert list_channels(data, "x.csv", every) == ("Alpha", "Beta", SUM_OF_ALL)
    assert read_views(data, "x.csv", Choice(metric=EVERY_COLUMN, channel="Beta")).views.iloc[0] == 2000
    assert list_channels(data, "pageviews-20210101-20210209.csv") == ("Alpha", "Beta", SUM_OF_ALL)


def test_a_sum_never_adds_what_is_not_alike(files):
    """Hours, subscribers and views beside two columns of unknown words."""
    header = ["Date", "Kanal A", "Kanal B", "Watch time (hours)", "Subscribers", "Preis"]
    rows = [[d, n, 2 * n, n / 7, n % 5, f"€{n}"] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    data = files.table([header, *rows])
    channel = read_views(data, "x.csv", Choice(metric=EVERY_COLUMN, channel=SUM_OF_ALL))
    assert channel.channel_names == ("Kanal A", "Kanal B", SUM_OF_ALL)
    assert channel.views.tolist() == [3 * n for n in files.counts(40)]
    with pytest.raises(Question):
        read_views(data, "pageviews.csv")


@pytest.mark.parametrize("cell", ["{}.25", "€{}", "{}%", "0:00:{}"])
def test_numbers_that_are_no_counts_are_not_taken_without_a_word(files, cell):
    cells = [cell.format(n % 40 + 10) for n in files.counts(40)]
    for header in (("ds", "y"), ("Date", "Value")):
        with pytest.raises(Question):
            read_views(files.table([header, *zip(files.days(40), cells, strict=True)]), "x.csv")
    with pytest.raises(Question) as asked:
        read_views(files.table(list(zip(files.days(40), cells, strict=True))), "x.csv")
    assert asked.value.options[0][0] == "B"


def test_columns_of_one_name_are_told_apart_by_their_letter(files):
    rows = [["Date", "Views", "Views"], *([d, n, 2 * n] for d, n in zip(files.days(40), files.counts(40), strict=True))]
    channel = read_views(files.table(rows), "x.csv")
    assert channel.channel_names == ("Views (B)", "Views (C)", SUM_OF_ALL)
    assert read_views(files.table(rows), "x.csv", Choice(metric="Views (C)")).views.iloc[0] == 2000
    grouped = [["", "Web", "", "App", ""], ["Date", "Views", "Users", "Views", "Users"]]
    grouped += [[d, n, 1, 2 * n, 2] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    channel = read_views(files.table(grouped), "x.csv")
    assert channel.channel_names == ("Web Views", "App Views", SUM_OF_ALL) and channel.views.iloc[0] == 1000


def test_columns_without_a_header_are_asked_by_their_letter(files):
    rows = [[d, n, 2 * n] for d, n in zip(files.days(40), files.counts(40), strict=True)]
    with pytest.raises(Question) as asked:
        read_views(files.table(rows), "x.csv")
    assert [value for value, _ in asked.value.options] == ["B", "C", EVERY_COLUMN]
    assert read_views(files.table(rows), "x.csv", Choice(metric="C")).views.iloc[0] == 2000


def test_letters_of_columns_are_those_of_a_spreadsheet():
    from openpyxl.utils import get_column_letter

    assert [letter(i) for i in range(1000)] == [get_column_letter(i + 1) for i in range(1000)]


def test_a_channel_called_as_the_sum_is_told_apart(files):
    rows = [["Date", "Video", "Views"]]
    rows += [
        [d, name, n] for d, n in zip(files.days(40), files.counts(40), strict=True) for name in ("cats", "Sum of All")
    ]
    data = files.table(rows)
    assert set(list_channels(data, "x.csv")) == {SUM_OF_ALL, "cats", "Sum of All (Video)"}
    assert read_views(data, "x.csv").views.iloc[0] == 2000
    assert read_views(data, "x.csv", Choice(channel="Sum of All (Video)")).views.iloc[0] == 1000


def test_an_unknown_metric_is_refused(files):
    with pytest.raises(BadInput, match="no column Likes; choose one of: Views"):
        read_views(files.plain(), "x.csv", Choice(metric="Likes"))
