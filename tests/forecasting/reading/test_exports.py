"""Exports of services whose files nobody here had: each is read, asked about, or refused for the right reason.

The numbers are invented, headers and layouts are as the services write them.
"""

from datetime import date, datetime

import pytest

from forecasting.messages import BadInput
from forecasting.reading import NUMBER_OF_ROWS, Choice, Question, read_views


def by_day(files, header, *made, style="%Y-%m-%d", separator=","):
    rows = [
        [f"{d:{style}}", *(make(n) for make in made)] for d, n in zip(files.days(60), files.counts(60), strict=True)
    ]
    return files.table([header, *rows], separator)


def same(n):
    return n


def asked(data, name, asks="metric", **said):
    """The values that a question offers."""
    with pytest.raises(Question) as question:
        read_views(data, name, Choice(**said))
    assert question.value.asks == asks
    return [value for value, _ in question.value.options]


def test_matomo(files):
    header = ["date", "nb_uniq_visitors", "nb_visits", "nb_actions", "nb_pageviews", "bounce_rate", "avg_time_on_site"]
    data = by_day(
        files,
        header,
        lambda n: n // 3,
        lambda n: n // 2,
        lambda n: n + 9,
        same,
        lambda n: f"{n % 50}%",
        lambda n: n % 300,
    )
    for encoded in (data, data.decode().encode("utf-16"), b"\xef\xbb\xbf" + data):
        assert read_views(encoded, "Export _ Main metrics _ 2021.csv").views.tolist() == files.counts(60)
    words = ["Date", "Unique visitors", "Visits", "Actions", "Pageviews", "Unique Pageviews"]
    data = by_day(files, words, lambda n: n // 3, lambda n: n // 2, lambda n: n + 9, same, lambda n: n - 5)
    assert read_views(data, "x.csv").views.tolist() == files.counts(60)
    visits = by_day(files, ["Date", "Visits", "Bounce Rate"], same, lambda n: f"{n % 50}%")
    assert asked(visits, "x.csv") == ["Visits", "Bounce Rate"]


def test_umami(files):
    data = by_day(files, ["date", "pageviews", "sessions"], same, lambda n: n // 2)
    assert read_views(data, "umami.csv").views.tolist() == files.counts(60)
    events = [["website_id", "session_id", "created_at", "url_path", "event_type"]]
    events += [["w", f"s{i}", f"{d} 10:{i % 60:02}:00", "/", 1] for d in files.days(20) for i in range(5)]
    with pytest.raises(BadInput, match="“created_at” say when something came out"):
        read_views(files.table(events), "website_event.csv")


def test_plausible(files):
    header = ["date", "visitors", "pageviews", "visits", "views_per_visit", "bounce_rate", "visit_duration"]
    table = by_day(
        files, header, lambda n: n // 3, same, lambda n: n // 2, lambda n: 1.8, lambda n: n % 90, lambda n: n % 200
    )
    pages = files.table(
        [["name", "visitors", "pageviews", "bounce_rate", "time_on_page"], ["/", 10, 20, 30, 40], ["/a", 1, 2, 3, 4]]
    )
    data = files.zipped({"visitors.csv": table, "pages.csv": pages, "sources.csv": pages})
    assert read_views(data, "Plausible export.zip").views.tolist() == files.counts(60)
    imported = by_day(
        files,
        ["date", "visitors", "pageviews", "bounces", "visits", "visit_duration"],
        lambda n: n // 3,
        same,
        lambda n: n // 5,
        lambda n: n // 2,
        lambda n: 40 * n,
    )
    assert read_views(imported, "imported_visitors_20210101_20210301.csv").views.tolist() == files.counts(60)


def test_twitch(files):
    header = [
        "Date",
        "Average Viewers",
        "Max Viewers",
        "Unique Viewers",
        "Minutes Watched",
        "Minutes Streamed",
        "Follows",
        "Live Views",
        "Ad Breaks (Minutes)",
        "Sub Revenue",
    ]
    made = (
        lambda n: f"{n / 90:.1f}",
        lambda n: n // 40,
        lambda n: n // 2,
        lambda n: n * 31,
        lambda n: 240,
        lambda n: n % 9,
        same,
        lambda n: 2,
        lambda n: f"{n / 700:.2f}",
    )
    data = by_day(files, header, *made, style="%a %b %d %Y")
    options = asked(data, "Channel Analytics and Revenue by day from 01_01_2021 to 03_01_2021.csv")
    assert options[0] == "Live Views" and set(header[1:]) <= set(options)
    assert read_views(data, "x.csv", Choice(metric="Live Views")).views.tolist() == files.counts(60)


@pytest.mark.parametrize(
    "header",
    [
        ("Date", "Plays"),
        ("Time (UTC)", "Plays"),
        ("date", "Starts", "Streams"),
        ("Day", "Downloads"),
        ("Date", "Total Downloads"),
        ("Date", "Listens", "Followers"),
    ],
)
def test_podcasts_by_day(files, header):
    data = by_day(files, header, same, *[lambda n: n // 2] * (len(header) - 2))
    assert asked(data, "Show_TotalPlays.csv")[0] in header[1:]
    assert read_views(data, "x.csv", Choice(metric=header[1])).views.tolist() == files.counts(60)


@pytest.mark.parametrize(
    "header",
    [
        ("Episode", "Published", "Plays"),
        ("Title", "Published at", "All time"),
        ("Episode Name", "Release date", "Downloads"),
        ("Title", "Pub Date", "Total plays"),
        ("name", "releaseDate", "starts"),
        ("Episode", "Publish Date", "All-Time Downloads"),
    ],
)
def test_podcasts_by_episode(files, header):
    days = [date(2021, 1, 4 + i % 20) if i % 2 else date(2021, 2 + i % 9, 1 + i) for i in range(24)]
    rows = [header, *([f"Episode {i}", f"{d:%b} {d.day}, {d.year}", 900 - i] for i, d in enumerate(sorted(days)))]
    with pytest.raises(BadInput, match="say when something came out"):
        read_views(files.table(rows), "episodes.csv")


def test_bilibili(files):
    header = ["日期", "播放量", "点赞", "弹幕", "投币", "收藏", "分享", "新增粉丝"]
    data = by_day(files, header, same, *[lambda n: n // 9] * 6)
    channel = read_views(data, "数据中心.csv")
    assert channel.views.tolist() == files.counts(60) and "点赞" in channel.metrics
    fans = by_day(files, ["日期", "粉丝总量", "新增粉丝"], lambda n: 10_000 + n, lambda n: n % 20)
    assert set(asked(fans, "x.csv")) == {"粉丝总量", "新增粉丝"}
    rows = [
        ["稿件标题", "发布时间", "播放量", "弹幕"],
        *([f"第{i}期", f"2021-{1 + i % 12:02}-{1 + i:02} 18:00:00", 5000 + i, 3] for i in range(24)),
    ]
    with pytest.raises(BadInput, match="发布时间"):
        read_views(files.table(rows), "稿件.csv")


def test_shopify(files):
    header = ["Day", "Sessions", "Online store visitors", "Pageviews", "Conversion rate"]
    data = by_day(files, header, lambda n: n // 2, lambda n: n // 3, same, lambda n: f"{n % 5}.25%")
    assert read_views(data, "Sessions over time - 2021-01-01 - 2021-03-01.csv").views.tolist() == files.counts(60)
    sales = by_day(
        files,
        ["Day", "Orders", "Gross sales", "Total sales"],
        lambda n: n // 9,
        lambda n: f"{n * 1.19:.2f}",
        lambda n: f"{n * 1.07:.2f}",
    )
    assert asked(sales, "x.csv")[0] == "Orders"
    orders = [["Name", "Email", "Paid at", "Subtotal", "Created at"]]
    orders += [
        [f"#{i}", f"{i}@x.org", f"{d} 10:00:00 -0500", f"{20 + i}.90", f"{d} 09:58:00 -0500"]
        for i, d in enumerate(files.days(30))
    ]
    with pytest.raises(BadInput, match="say when something came out"):
        read_views(files.table([[row[0], row[1], row[3], row[4]] for row in orders]), "orders_export.csv")


def test_wordpress(files):
    data = by_day(files, ["Date", "Views", "Visitors"], same, lambda n: n // 2)
    assert read_views(data, "blog_views.csv").views.tolist() == files.counts(60)
    for period in ("period", "Day"):
        data = by_day(
            files, [period, "views", "visitors", "likes", "reblogs", "comments", "posts"], same, *[lambda n: n % 9] * 5
        )
        assert read_views(data, "stats.csv").views.tolist() == files.counts(60)
    posts = files.table([["Title", "Views", "URL"], ["Home", 10, "https://x.org"], ["About", 5, "https://x.org/about"]])
    with pytest.raises(BadInput, match="no column of dates"):
        read_views(posts, "posts.csv")


def test_facebook_and_instagram(files):
    stamps = [f"{d}T00:00:00" for d in files.days(40)]
    parts = []
    for caption, times in (("Facebook reach", 3), ("Page visits", 1)):
        rows = "\n".join(f'"{s}","{n * times}"' for s, n in zip(stamps, files.counts(40), strict=True))
        parts.append(f'"{caption}"\n"Date","Primary"\n{rows}\n')
    data = ("sep=,\n" + "\n".join(parts)).encode("utf-16")
    assert asked(data, "Reach.csv", asks="table") == ["Facebook reach", "Page visits"]
    assert asked(data, "Reach.csv", table="Page visits") == ["Primary"]
    channel = read_views(data, "Reach.csv", Choice(table="Page visits", metric="Primary"))
    assert channel.name == "Page visits" and channel.views.tolist() == files.counts(40)


def test_tiktok(files):
    data = by_day(
        files, ["Date", "Video Views", "Profile Views", "Likes", "Comments", "Shares"], same, *[lambda n: n // 7] * 4
    )
    assert read_views(data, "Overview.csv").views.tolist() == files.counts(60)


def test_yandex_and_analytics_in_other_languages(files):
    for header in (
        ("Дата визита", "Визиты", "Посетители", "Просмотры", "Отказы"),
        ("Datum", "Sitzungen", "Nutzer", "Seitenaufrufe", "Absprungrate"),
    ):
        data = by_day(files, header, lambda n: n // 2, lambda n: n // 3, same, lambda n: f"{n % 40}%")
        assert read_views(data, "x.csv").views.tolist() == files.counts(60)


def test_github_traffic(files):
    data = by_day(
        files, ["date", "views_total", "views_unique", "clones_total"], same, lambda n: n // 2, lambda n: n // 5
    )
    assert asked(data, "x.csv")[0] == "views_total"
    assert read_views(data, "x.csv", Choice(metric="views_total")).views.tolist() == files.counts(60)


def test_a_log_of_single_views(files):
    rows = [["event_time", "user_id", "video_id"]]
    rows += [
        [datetime(d.year, d.month, d.day, i % 24, i % 60).isoformat(), i * 37 % 991, f"v{i % 3}"]
        for d in files.days(20)
        for i in range(3 + d.day % 4)
    ]
    data = files.table(rows)
    assert NUMBER_OF_ROWS in asked(data, "events.csv")
    assert read_views(data, "events.csv", Choice(metric=NUMBER_OF_ROWS)).views.tolist() == [
        3 + d.day % 4 for d in files.days(20)
    ]
