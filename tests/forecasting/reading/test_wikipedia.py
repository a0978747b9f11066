"""Wikipedia articles as channels, read from a server on loopback that stands in for Wikimedia's."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Event
from urllib.parse import unquote

import numpy as np
import pytest

from forecasting.messages import BadInput
from forecasting.reading import Choice, list_channels, read_views, wikimedia, wikipedia
from forecasting.reading.wikipedia import Article, fetch, pack, suggest, unpack
from tests.support.wikimedia import NOT_FOUND, PER_ARTICLE, Wikimedia, send, serve

FLU = Article("en", "Influenza")


@pytest.fixture
def stand_in(monkeypatch) -> Iterator[Wikimedia]:
    with serve() as server:
        monkeypatch.setenv("VIEWCAST_WIKIMEDIA", server.url)
        monkeypatch.setattr(wikimedia, "PAUSE", 0)
        monkeypatch.setattr(wikimedia, "_TURNS", wikimedia._Turns())
        yield server


def read(article: Article, choice: Choice = Choice()):  # noqa: B008  frozen
    return read_views(pack(article, fetch(article)), article.file, choice)


def refusal(of=lambda: fetch(FLU)) -> str:
    with pytest.raises(BadInput) as refused:
        of()
    return str(refused.value)


# Views


def test_views_are_those_of_people_on_every_device_since_the_first_day_there_is(stand_in, files):
    counts = files.counts(400)
    stand_in.add("en.wikipedia", "Influenza", counts)
    channel = read(FLU)
    assert (channel.name, channel.metric, channel.corrections) == ("Influenza", "views", ())
    assert channel.views.tolist() == counts
    assert channel.views.index[-1].date() == datetime.now(UTC).date() - timedelta(days=1)
    (path,) = stand_in.paths
    assert re.fullmatch(
        re.escape(PER_ARTICLE + "en.wikipedia/all-access/user/Influenza/daily/2015070100/") + r"20\d{6}00", path
    )


def test_project_is_named_to_wikimedia_and_so_is_the_host(stand_in, files, monkeypatch):
    stand_in.add("en.wikipedia", "Influenza", files.counts(40))
    monkeypatch.setenv("VIEWCAST_CONTACT", "class@example.org\r\nX-Evil: 1")
    fetch(FLU)
    assert re.fullmatch(r"Viewcast/[\d.]+ \(class@example.org X-Evil: 1\)", stand_in.headers[0]["User-Agent"])


def test_day_left_out_is_zero_where_few_look_and_unknown_where_many_do(stand_in, said):
    few, many = [3, 5, 0, 0, 4, 2, 6] * 10, [300, 500, 400, 450, 350, 320, 410] * 10
    many[30] = 0
    stand_in.add("en.wikipedia", "Few", few)
    stand_in.add("en.wikipedia", "Many", many)
    channel = read(Article("en", "Few"))
    assert channel.views.tolist() == few
    assert "nobody looked, counted as 0: 20" in said(channel)
    channel = read(Article("en", "Many"), Choice(fill="none"))
    assert np.flatnonzero(channel.views.isna()).tolist() == [30]
    assert "nobody looked" not in said(channel)
    filled = read(Article("en", "Many"))
    assert 300 < filled.views.iloc[30] < 500 and "Missing days filled" in said(filled)


def test_new_days_are_asked_for_alone(stand_in, files):
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    stand_in.add("en.wikipedia", "Influenza", files.counts(50)[:48], yesterday - timedelta(days=2))
    kept = unpack(pack(FLU, fetch(FLU)))
    assert fetch(FLU, wikipedia.next_day(kept)) == {}  # 404: none are there yet
    stand_in.add("en.wikipedia", "Influenza", files.counts(50))
    new = fetch(FLU, wikipedia.next_day(kept))
    assert list(new) == [yesterday - timedelta(days=1), yesterday]
    assert f"/daily/{yesterday - timedelta(days=1):%Y%m%d}00/" in stand_in.paths[-1]
    assert list((kept | new).values()) == files.counts(50)
    assert fetch(FLU, datetime.now(UTC).date() + timedelta(days=1)) == {}  # tomorrow needs no question
    assert len(stand_in.paths) == 3


def test_reading_can_be_chosen_as_for_a_file(stand_in, files):
    stand_in.add("en.wikipedia", "Influenza", files.counts(40))
    data = pack(FLU, fetch(FLU))
    assert list_channels(data, FLU.file) == ("Influenza",)
    assert read_views(data, FLU.file, Choice(channel="Influenza", keep_last=True)).views.tolist() == files.counts(40)
    with pytest.raises(BadInput, match="no channel"):
        read_views(data, FLU.file, Choice(channel="other"))


def test_file_with_the_name_of_an_article_is_refused(files):
    for data in (
        files.plain(),
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"items": [{"timestamp": "19990101", "views": 1}]}',
    ):
        assert refusal(lambda data=data: read_views(data, FLU.file)) == wikimedia.ODD


# Titles


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("influenza", "Influenza"),
        ("  Influenza_A   virus ", "Influenza A virus"),
        ("e\u0301cole", "École"),
        ("ßen", "ßen"),
        ("საქართველო", "საქართველო"),
        ("流行性感冒", "流行性感冒"),
        ("https://en.wikipedia.org/wiki/AC/DC?oldid=1#History", "AC/DC"),
        ("en.m.wikipedia.org/wiki/Caf%C3%A9_(disambiguation)", "Café (disambiguation)"),
    ],
)
def test_title_is_what_wikipedia_makes_of_it(typed, title):
    assert Article.typed("en", typed).title == title


def test_address_says_its_language():
    for address in ("https://zh.wikipedia.org/wiki/%E6%B5%81%E6%84%9F", "https://zh.wikipedia.org/zh-tw/流感"):
        assert Article.typed("en", address) == Article("zh", "流感")


HOSTILE = [
    "../../../../w/api.php",
    "a/../b",
    "..",
    "-",
    "<script>",
    "a[b]",
    "a|b",
    "x#y",
    "a\x00b",
    "a\ud800b",
    ":colon",
    "",
    " _ ",
    "x" * 300,
]


@pytest.mark.parametrize("title", HOSTILE)
def test_title_that_cannot_be_is_refused_without_a_question(stand_in, title):
    assert "cannot be the title" in refusal(lambda: fetch(Article.typed("en", title)))
    assert not stand_in.paths


@pytest.mark.parametrize(
    "language", ["", "e", "EN", "en/../x", "evil.example/", "en@host", "en:80", "e n", "en\n", "日本"]
)
def test_language_that_cannot_be_is_refused_without_a_question(stand_in, language):
    assert "not the language code" in refusal(lambda: fetch(Article(language, "Influenza")))
    assert "not the language code" in refusal(lambda: suggest(language, "Influenza"))
    assert not stand_in.paths


@pytest.mark.parametrize(
    "title",
    [
        "AC/DC",
        "What?",
        "100%",
        "50%25",
        "A&B=C",
        "C++",
        "A;b",
        "“…”",
        "流行性感冒",
        "Ünï",
        "A\\b",
        "@import",
        "X y",
        "/",
        "~",
        "É/ü?ß",
    ],
)
def test_title_is_one_quoted_part_of_the_address(stand_in, files, title):
    stand_in.add("en.wikipedia", title.replace(" ", "_"), files.counts(40))
    article = Article("en", title)
    assert read(article).name == title
    part = stand_in.paths[0].removeprefix(PER_ARTICLE).split("/")[3]
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]+", part) and unquote(part) == title.replace(" ", "_")
    assert Article.named(article.file).language == "en"


def test_name_of_an_article_is_told_from_a_file():
    assert Article.named("wikipedia:en:AC/DC: Live").title == "AC/DC: Live"
    assert Article.named(Article("zh-min-nan", "Tâi-oân").file) == Article("zh-min-nan", "Tâi-oân")
    assert Article.named("views.csv") is None
    assert "not the language code" in refusal(lambda: Article.named("wikipedia:Influenza"))


# Suggestions


def test_suggestions_are_titles_that_begin_alike(stand_in):
    for title in ("Influenza", "Influenza_A_virus", "Inflation"):
        stand_in.add("en.wikipedia", title, [1])
    stand_in.add("de.wikipedia", "Influenza", [1])
    assert suggest("en", "influ") == ["Influenza", "Influenza A virus"]
    assert suggest("en", "&limit=100#") == []
    assert stand_in.paths[-1].startswith("/en.wikipedia.org/w/rest.php/v1/search/title?q=%26limit%3D100%23&")


@pytest.mark.parametrize(
    "answer",
    [[], None, 5, {}, {"pages": None}, {"pages": [1, {}, {"title": 5}, {"title": "a|b"}, {"title": "x" * 400}]}],
)
def test_odd_suggestions_are_none(stand_in, answer):
    stand_in.answer = lambda request: send(request, 200, answer)
    assert suggest("en", "x") == []


# Answers that are none


def test_unknown_article_is_said_with_its_name(stand_in):
    said = refusal(lambda: pack(FLU, fetch(FLU)))
    assert "“Influenza” on en.wikipedia.org" in said


def item(**odd: object) -> dict:
    return {"project": "en.wikipedia", "timestamp": "2020010100", "views": 5} | odd


ODD = {
    "HTML": b"<!doctype html><html><body>Wikimedia Error</body></html>",
    "nothing": b"",
    "truncated": json.dumps({"items": [item()] * 50}).encode()[:-40],
    "no text": b"\xff\xfe\x00",
    "deep": b"[" * 200_000,
    "a list": b"[]",
    "no items": b'{"items": 5}',
    "no dict": b'{"items": [5]}',
    "no views": json.dumps({"items": [{"timestamp": "2020010100"}]}).encode(),
    "negative": json.dumps({"items": [item(views=-1)]}).encode(),
    "absurd": json.dumps({"items": [item(views=10**30)]}).encode(),
    "endless number": b'{"items": [{"timestamp": "2020010100", "views": ' + b"9" * 5000 + b"}]}",
    "not a number": b'{"items": [{"timestamp": "2020010100", "views": NaN}]}',
    "text": json.dumps({"items": [item(views="5")]}).encode(),
    "true": json.dumps({"items": [item(views=True)]}).encode(),
    "fraction": json.dumps({"items": [item(views=1.5)]}).encode(),
    "hour": json.dumps({"items": [item(timestamp="2020010107")]}).encode(),
    "no day": json.dumps({"items": [item(timestamp="2020023100")]}).encode(),
    "no timestamp": json.dumps({"items": [item(timestamp=None)]}).encode(),
    "too early": json.dumps({"items": [item(timestamp="2015063000")]}).encode(),
    "to come": json.dumps({"items": [item(timestamp="2199010100")]}).encode(),
    "a day twice": json.dumps({"items": [item(), item(views=6)]}).encode(),
    "other digits": json.dumps({"items": [item(timestamp="２０２００１０１００")]}).encode(),
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_odd_answer_is_refused(stand_in, body):
    stand_in.answer = lambda request: send(request, 200, body)
    assert refusal() == wikimedia.ODD


@pytest.mark.parametrize("status", [204, 400, 403, 500, 503])
def test_error_is_said_with_its_number(stand_in, status):
    stand_in.answer = lambda request: send(request, status, NOT_FOUND)
    assert f"error {status}" in refusal()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(stand_in, status):
    with serve() as elsewhere:
        stand_in.answer = lambda request: send(request, status, b"", Location=elsewhere.url + request.path)
        assert f"error {status}" in refusal()
        assert not elsewhere.paths


@pytest.mark.parametrize("packed", [False, True])
def test_answer_is_read_up_to_the_bound_and_no_further(stand_in, monkeypatch, packed):
    content = {"items": [item(timestamp=f"{date(2020, 1, 1) + timedelta(days=day):%Y%m%d}00") for day in range(400)]}
    plain = json.dumps(content).encode()
    stand_in.answer = lambda request: send(request, 200, content if packed else plain)
    monkeypatch.setattr(wikimedia, "LARGEST", len(plain))
    assert len(fetch(FLU)) == 400
    monkeypatch.setattr(wikimedia, "LARGEST", len(plain) - 1)
    assert refusal() == wikimedia.ODD


def test_answer_that_is_not_packed_as_it_says_is_refused(stand_in):
    stand_in.answer = lambda request: send(request, 200, b'{"items": []}', Content_Encoding="gzip")
    assert refusal() == wikimedia.ODD


def test_connection_cut_in_the_middle_is_no_answer(stand_in):
    def cut(request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b'{"items": []}')
        request.close_connection = True

    stand_in.answer = cut
    assert refusal() in (wikimedia.ODD, wikimedia.UNREACHABLE)


def test_throttled_means_no_question_until_the_time_is_over(stand_in, files):
    stand_in.add("en.wikipedia", "Influenza", files.counts(40))
    stand_in.answer = lambda request: send(request, 429, NOT_FOUND, Retry_After="120")
    assert "120 seconds" in refusal()
    stand_in.answer = None
    assert re.search(r"\b1(19|20) seconds", refusal())
    assert len(stand_in.paths) == 1


@pytest.mark.parametrize(("said", "seconds"), [("Wed, 21 Oct 2015 07:28:00 GMT", 60), ("99999999", 600), ("-5", 60)])
def test_odd_retry_after_is_bounded(stand_in, said, seconds):
    stand_in.answer = lambda request: send(request, 429, NOT_FOUND, Retry_After=said)
    assert f"{seconds} seconds" in refusal()


def test_no_network_is_said(monkeypatch):
    with serve() as gone:
        monkeypatch.setenv("VIEWCAST_WIKIMEDIA", gone.url)
    assert refusal() == wikimedia.UNREACHABLE


def silent(until: Event):
    return lambda request: until.wait(60)


def dripping(until: Event):
    """A byte of the body now and then, so that no single wait is long."""

    def drip(request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "300")
        request.end_headers()
        while not until.wait(0.01):
            request.wfile.write(b" ")

    return drip


def dripping_headers(until: Event):
    def drip(request) -> None:
        while not until.wait(0.01):
            request.wfile.write(b"H")

    return drip


@pytest.mark.parametrize("slow", [silent, dripping])
def test_slow_request_ends_by_itself(stand_in, slow):
    over = Event()
    stand_in.answer = slow(over)
    try:
        with pytest.raises(TimeoutError):
            wikimedia._request(stand_in.url, time.monotonic() + 0.1)
    finally:
        over.set()


@pytest.mark.parametrize("slow", [silent, dripping, dripping_headers])
def test_slow_answer_is_given_up(stand_in, monkeypatch, slow):
    monkeypatch.setattr(wikimedia, "PATIENCE", 0.3)
    over = Event()
    stand_in.answer = slow(over)
    try:
        assert "within 0.3 seconds" in refusal()
    finally:
        over.set()


def test_one_question_at_a_time(stand_in, files, monkeypatch):
    stand_in.add("en.wikipedia", "Influenza", files.counts(40))
    monkeypatch.setattr(wikimedia, "PATIENCE", 0.2)
    with wikimedia._TURNS.lock:
        assert "within 0.2 seconds" in refusal()
    assert not stand_in.paths


def test_host_can_switch_it_off(stand_in, monkeypatch):
    monkeypatch.setenv("VIEWCAST_WIKIMEDIA", " Off ")
    assert not wikimedia.is_on()
    assert refusal() == wikimedia.OFF == refusal(lambda: suggest("en", "x"))


def test_without_a_stand_in_it_is_wikimedia_over_tls(monkeypatch):
    asked = []
    monkeypatch.delenv("VIEWCAST_WIKIMEDIA", raising=False)
    monkeypatch.setattr(wikimedia, "_request", lambda url, deadline: asked.append(url) or (404, 1, b""))
    fetch(Article("zh", "流感"), date(2020, 1, 1))
    suggest("zh", "流")
    assert asked[0].startswith(
        "https://wikimedia.org/api/rest_v1/metrics/pageviews/per-article/zh.wikipedia/all-access/user/"
        "%E6%B5%81%E6%84%9F/daily/2020010100/"
    )
    assert asked[1].startswith("https://zh.wikipedia.org/w/rest.php/v1/search/title?q=%E6%B5%81&")
