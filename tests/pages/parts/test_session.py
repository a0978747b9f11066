"""What pages share, without a page."""

import pytest

from forecasting.sample import sample_channel
from pages.parts.links import escape_markdown, unique_name
from pages.parts.session import Session, language_of


@pytest.mark.parametrize(
    ("language", "monday", "sunday"), [("en", "Mon", "Sun"), ("zh", "周一", "周日"), ("zh_TW", "週一", "週日")]
)
def test_weekdays_begin_on_monday_as_pandas_counts_them(language, monday, sunday):
    nothing = dict.fromkeys(("store", "channels", "jobs", "workers"))
    names = Session(str, language, "me", **nothing, channel=sample_channel()).weekdays()
    assert (names[0], names[6], len(names)) == (monday, sunday, 7)


def test_markup_of_a_header_is_shown_and_not_obeyed():
    assert escape_markdown("![x](y) $a$ **b**") == r"\!\[x\]\(y\) \$a\$ \*\*b\*\*"


def test_names_are_numbered_where_they_are_taken():
    assert [unique_name("a", taken) for taken in ([], ["a"], ["a", "a (2)"])] == ["a", "a (2)", "a (3)"]


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("", "en"),
        ("de-DE", "en"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh-Hans-SG", "zh"),
        ("zh-Hans-HK", "zh"),
        ("zh-TW", "zh_TW"),
        ("zh-HK", "zh_TW"),
        ("zh-Hant-MO", "zh_TW"),
    ],
)
def test_the_browser_gets_the_characters_that_its_reader_reads(locale, language):
    assert language_of(locale) == language
