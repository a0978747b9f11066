"""Names from files, runs and visitors: on one line, apart from the app's own, and never words of the app."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.models.registry import METHODS, method_in_words, run_name
from forecasting.names import OWN, SUM_OF_ALL, clean_name, distinct, name_in_words
from forecasting.reading import Choice, list_channels, read_views

DAYS = {f"2024-01-{day:02d}": 100 + 37 * day % 11 for day in range(1, 31)}
VIEWS = [*DAYS.values()]


def upper(text: str, *_: object) -> str:
    """A language in which every sentence is another than in English."""
    return text.upper()


@given(st.text())
def test_a_name_is_one_line_that_can_be_written_anywhere(text):
    name = clean_name(text)
    name.encode()
    assert len(name) <= 200 and name == clean_name(name) and not set(name) & set("\0\t\r\n\u2028\u202e")


@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "b"])))
def test_names_that_are_alike_are_numbered(names):
    assert len(set(distinct(names))) == len(names)


@pytest.mark.parametrize("name", [*OWN, "SUM  of all", " Sum of all\n"])
def test_a_video_called_as_the_app_calls_something_is_that_video(name):
    rows = [f'{day},"{video}",{more + n}' for day, n in DAYS.items() for video, more in ((name, 0), ("Other", 7))]
    data = "\n".join(["Date,Video title,Views", *rows]).encode()
    own = [one for one in list_channels(data, "a.csv") if one not in (SUM_OF_ALL, "Other")]
    assert len(own) == 1
    assert read_views(data, "a.csv", Choice(channel=own[0])).views.tolist() == VIEWS
    assert read_views(data, "a.csv", Choice(channel=SUM_OF_ALL)).views.tolist() == [2 * n + 7 for n in VIEWS]
    assert name_in_words(own[0], upper) == own[0]


@pytest.mark.parametrize("name", OWN)
def test_a_column_or_a_file_called_as_the_app_calls_something_is_that_column(name):
    data = "\n".join([f"Date,{name},Other", *(f"{day},{n},{n + 7}" for day, n in DAYS.items())]).encode()
    channel = read_views(data, "a.csv", Choice(metric=f"{name} (B)"))
    assert channel.views.tolist() == VIEWS and name_in_words(channel.metric, upper) == channel.metric
    single = read_views("\n".join(["Date,Views", *(f"{day},{n}" for day, n in DAYS.items())]).encode(), f"{name}.csv")
    assert single.name not in OWN and not single.corrections


@pytest.mark.parametrize("name", [*METHODS, "AUTO", " auto "])
def test_a_run_called_like_a_method_is_none(name):
    assert run_name(name) not in METHODS and method_in_words(run_name(name), upper) == run_name(name)


def test_a_run_called_like_a_sentence_is_not_translated():
    assert method_in_words("Same day last week", upper) == "Same day last week"
    assert name_in_words("Views", upper) == "Views"
