"""Every sentence of the catalogue says what a channel counts, in each language, and no sentence says views instead."""

import re
from functools import cache

import pytest

from forecasting.formats import format_views
from forecasting.messages import Message, english
from forecasting.metric_names import METRICS, in_metric, metric_of
from pages.locale import catalogue
from pages.parts.session import translator
from tests.test_translations import facts, singular_and_plural

# Of files that are no channel yet, of Wikipedia, and of the program itself: said in `Session.plain`, or its name.
ELSEWHERE = ("forecasting/reading/columns.py", "forecasting/reading/wiki", "app.py")
LEFT = {
    "en": re.compile(r"\b[Vv]iew(?!cast)(?!er)"),
    "zh": re.compile("(?<![可])播放(?!或)|观看(?!时长)|浏览(?!器)"),
    "zh_TW": re.compile("播放(?!或)|觀看(?!時長)|瀏覽(?!器)"),
}


found_in_code = cache(catalogue.found_in_code)


def said(language: str, header: str) -> dict[str, str]:
    """Each sentence of the catalogue, singular and plural, in a language in the words of a metric."""
    translate = in_metric(translator(language), header)
    return {
        text: translate(text) if isinstance(message.id, str) else translate(*message.id, count)
        for message in found_in_code()
        if message.id and not any(file.startswith(ELSEWHERE) for file, _line in message.locations)
        for count, text in enumerate(singular_and_plural(message.id), 1)
        if text not in {"views; views", "plays; plays"}
    }


@pytest.mark.parametrize("header", ["Subscribers", "Watch time (hours)", "Estimated revenue (USD)", "temperature"])
@pytest.mark.parametrize("language", LEFT)
def test_no_sentence_says_views_of_other_numbers(language, header):
    for text, sentence in said(language, header).items():
        bare = re.sub(r"\{[^{}]*\}", "", sentence)
        if not text.startswith("On Friday 26 February"):  # the lecture's own channel has views
            assert not LEFT[language].search(bare), sentence
        assert facts(sentence) == facts(translator(language)(text)), sentence


@pytest.mark.parametrize("language", ["zh", "zh_TW"])
def test_no_measure_word_of_views_is_left_behind_a_number(language):
    for text, sentence in said(language, "Subscribers").items():
        if "views" in text:
            assert not re.search(r"\} 次(?!的|过去|過去|数|數)", sentence), sentence


def test_views_are_said_as_they_are_written():
    assert in_metric(english, "views") is english


def test_name_behind_words_and_unit_behind_numbers():
    hours = in_metric(english, "Watch time (hours)")
    assert hours("Views a day") == "Watch hours a day"
    assert hours("Loss ({loss}, views)") == "Loss ({loss}, hours)"
    assert Message("{count} views", {"count": 3}).translated(hours) == "3 hours"
    assert in_metric(translator("zh"), "Subscribers")("views") == "名订阅者"


def test_facts_are_not_exchanged():
    likes = in_metric(english, "Likes")
    assert Message("“{name}” has {views} views.", {"name": "My views", "views": 2}).translated(likes) == (
        "“My views” has 2 likes."
    )


@pytest.mark.parametrize(("header", "unit"), [("Revenue ($)", "USD"), ("收入 (EUR)", "EUR"), ("Earnings", "revenue")])
def test_money_has_its_currency(header, unit):
    assert in_metric(english, header)("{size} views") == f"{{size}} {unit}"


def test_own_word_of_a_file_obeys_neither_markdown_nor_format():
    own = in_metric(english, "*cost* [a](b) {x} $y$ :red[z]")
    sentence = own("{count} views").format(count=1)
    assert not set(sentence) & set("*[]{}$:") and "cost" in sentence


@pytest.mark.parametrize(
    "header", ["Average view duration", "Watch time (minutes)", "Subscribers lost", "CTR (%)", "a"]
)
def test_what_only_resembles_a_metric_keeps_its_own_word(header):
    assert metric_of(header) is None
    assert "a day" in in_metric(english, header)("Views a day")


def test_each_metric_is_found_by_its_own_name():
    for metric in METRICS:
        assert metric_of(metric.words.split("; ")[0].title()) is metric


def test_hours_and_money_have_decimals_and_counts_have_none():
    assert format_views(12.345, in_metric(english, "Watch time (hours)")) == "12.3"
    assert format_views(12.345, in_metric(english, "Subscribers")) == "12"
    assert format_views(12_345, in_metric(english, "Revenue ($)")) == "12.3k"
