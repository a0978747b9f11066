"""Sentences in another language, and numbers as people say them."""

import pytest

from forecasting.formats import (
    UNITS,
    ThreeDigits,
    Views,
    format_percent,
    format_probability,
    format_small,
    format_three_digits,
    format_views,
)
from forecasting.json_records import from_json, to_json
from forecasting.messages import N_, BadInput, Message, join_sentences


def test_a_fact_that_is_a_sentence_is_translated_as_well():
    words = {"{row} wins by {size}": "{size}: {row}", "one layer": "eine Schicht"}
    sentence = Message("{row} wins by {size}", {"row": Message("one layer"), "size": 3})
    assert sentence.translated() == "one layer wins by 3"
    assert sentence.translated(words.get) == "3: eine Schicht"


def test_sentences_are_joined_as_their_language_writes_them():
    assert join_sentences(["One.", "Two?", "Three."]) == "One. Two? Three."
    assert join_sentences(["課程：w = 0.97。", "與前一天相差 146。"]) == "課程：w = 0.97。與前一天相差 146。"
    assert join_sentences([]) == ""


def test_the_count_chooses_between_singular_and_plural():
    days = N_("{count} day is left.", "{count} days are left.")
    said = [Message(days, {"count": count}).translated() for count in (0, 1, 2)]
    assert said == ["0 days are left.", "1 day is left.", "2 days are left."]
    assert str(BadInput(days, count=1)) == "1 day is left."

    def chinese(text: str, plural: str = "", count: int = 1, /) -> str:
        return {("{count} day is left.", "{count} days are left."): "还剩 {count} 天。"}[text, plural]

    assert Message(days, {"count": 1}).translated(chinese) == "还剩 1 天。"


@pytest.mark.parametrize("text", ["{count} days.", N_("{count} day.", "{count} days.")])
def test_a_sentence_comes_back_from_json_with_its_plural(text):
    message = Message("{one} {two}", {"one": Message(text, {"count": 2}), "two": 2})
    assert from_json(Message, to_json(message)) == message


@pytest.mark.parametrize(
    ("views", "said"),
    [
        (5243, "5.24k"),
        (460, "460"),
        (999.9, "1.00k"),
        (1496, "1.50k"),
        (9996, "10.0k"),
        (99_960, "100k"),
        (81_026_267_500, "81,000M"),
        (87.4, "87"),
        (5.25, "5.2"),
        (1.3e6, "1.30M"),
        (-460, "−460"),
        (0, "0"),
    ],
)
def test_views_are_said_as_people_say_them(views, said):
    assert format_views(views) == said


def chinese(text: str, _plural: str = "", _count: int = 1, /) -> str:
    return {UNITS: "1e4= 万;1e8= 亿"}.get(text, text)


@pytest.mark.parametrize(
    ("views", "said"),
    [
        (87, "87"),
        (5240, "5,240"),
        (9994, "9,994"),
        (9996, "1.00 万"),
        (-261_000, "−26.1 万"),
        (1_070_000, "107 万"),
        (12_345_678, "1,230 万"),
        (123_456_789, "1.23 亿"),
    ],
)
def test_chinese_counts_in_ten_thousands(views, said):
    assert format_views(views, chinese) == said


def test_views_in_a_sentence_are_said_in_its_language_also_after_json():
    sentence = Message("Off by {error}.", {"error": Views(26_100.0)})
    again = from_json(Message, to_json(sentence))
    assert again == sentence
    assert (again.translated(), again.translated(chinese)) == ("Off by 26.1k.", "Off by 2.61 万.")


def test_three_digits_in_a_sentence_are_said_in_its_language_also_after_json():
    sentence = Message("From {before} to {after}.", {"before": ThreeDigits(26_140.0), "after": ThreeDigits(47.72)})
    again = from_json(Message, to_json(sentence))
    assert again == sentence
    assert (again.translated(), again.translated(chinese)) == ("From 26.1k to 47.7.", "From 2.61 万 to 47.7.")


def test_what_is_next_to_nothing_has_one_digit_and_its_power():
    assert [format_small(value) for value in (5.1e-7, 1e-8, -2e-12)] == ["5e−7", "1e−8", "−2e−12"]


def test_shares_are_whole_percents():
    assert format_percent(0.123) == "12 %"
    assert format_percent(-0.5) == "−50 %"
    assert format_percent(-0.004) == "0 %"
    assert format_percent(120376.02) == "12,037,602 %"


def test_a_sentence_goes_through_json_with_all_its_facts():
    nested = Message("{row} wins", {"row": Message("one layer of {units}", {"units": 100})})
    sentence = Message("{what} by {size}", {"what": nested, "size": "1.2k", "times": 1.5})
    again = from_json(Message, to_json(sentence))
    assert again == sentence
    assert again.translated() == "one layer of 100 wins by 1.2k"


def test_no_chance_is_said_to_be_certain():
    assert [format_probability(share) for share in (0.0, 0.004, 0.01, 0.5, 0.99, 0.996, 1.0)] == [
        *("<1 %", "<1 %", "1 %", "50 %", "99 %", ">99 %", ">99 %")
    ]


def test_three_digits_whatever_the_size():
    values = [0.0, -0.3154, 47.83, 546.4, 999.4, 999.6, -1234.0, 261_000]
    assert [format_three_digits(value) for value in values] == [
        "0",
        "−0.315",
        "47.8",
        "546",
        "999",
        "1.00k",
        "−1.23k",
        "261k",
    ]
