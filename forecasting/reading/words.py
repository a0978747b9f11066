"""What the words in an export mean, in the languages of `vocabulary.toml`."""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

LONGEST = 200  # letters of a cell that can be a word
# Default_Ignorable_Code_Point of Unicode: soft hyphens, joiners, marks of direction, variation selectors, fillers.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_BRACKETS = re.compile(r"[(（\[][^()（）\[\]]{0,60}[)）\]]$")
_UNIT = re.compile(r"[(（\[][^()（）\[\]]{0,40}[)）\]]\s*$|[%$€£¥₹₩]")
_FILES = ("file_totals", "file_dates", "file_chart", "file_table", "file_chart_data")
_OTHER = ("impressions", "clicks", "watch_time", "audience", "response")  # what is no view


def visible(word: str) -> str:
    """The word without letters that nobody can see."""
    return word if word.isascii() else _INVISIBLE.sub("", word)


@lru_cache(maxsize=4096)
def normalize(word: str) -> str:
    """A header as it is compared: half-width, lower case, without accents, single spaces for underscores and runs."""
    word = unicodedata.normalize("NFKC", visible(word[:LONGEST])).casefold()
    if not word.isascii():
        word = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word))).replace("ı", "i")
    return re.sub(r"[\s_]+", " ", word.strip(" \t\r\n\"':_"))


@cache
def _vocabulary() -> dict[str, list[str]]:
    """The words of each meaning, of all languages, as they are compared."""
    with Path(__file__).with_name("vocabulary.toml").open("rb") as file:
        sections = tomllib.load(file)
    months = sections.pop("months")
    return _split(sections) | {f"month {number}": _listed(words) for number, words in months.items()}


def _split(sections: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    return {meaning: [word for words in by.values() for word in _listed(words)] for meaning, by in sections.items()}


def _listed(words: str) -> list[str]:
    return [normalize(word) for word in words.split(";")]


@cache
def _whole(meaning: str) -> frozenset[str]:
    return frozenset(_vocabulary()[meaning])


def _is(word: str, meaning: str) -> bool:
    return normalize(word) in _whole(meaning)


@lru_cache(maxsize=4096)
def _has(word: str, meaning: str) -> bool:
    """Whether a part of the header has the meaning. Short parts in Latin letters must be whole words."""
    word = normalize(word)
    if not word:
        return False
    tokens = re.split(r"[^\w%]+", word)
    return any(
        part in tokens if len(part) <= 3 and part.isascii() and part.isalpha() else part in word
        for part in _vocabulary()[meaning]
        if part
    )


def is_date(word: str) -> bool:
    """Whether a column of this name says the day of a count."""
    return _is(word, "date") or _is(_BRACKETS.sub("", word[:LONGEST]), "date")


def is_published(word: str) -> bool:
    """Whether a column of dates says when a thing came to be, which is no day on which it was viewed."""
    return not is_date(word) and _has(word, "published")


def is_views(word: str) -> bool:
    return _is(word, "views")


def resembles_views(word: str) -> bool:
    """Whether one of the words of a header is one for views, as in "Live views"."""
    return any(is_views(part) for part in normalize(word).split())


def may_be_impressions(word: str) -> bool:
    """Whether a word for views is one for impressions too, as in a search report."""
    return _has(word, "impressions")


def is_clicks(word: str) -> bool:
    return _is(word, "clicks")


def is_neutral(word: str) -> bool:
    return _is(word, "neutral")


def is_other_metric(word: str) -> bool:
    """Whether a header counts or measures something that is not views."""
    return not is_views(word) and (has_unit(word) or any(_has(word, meaning) for meaning in _OTHER))


def has_unit(word: str) -> bool:
    """Whether a header ends with a unit in brackets, or holds a currency or percent sign."""
    return bool(_UNIT.search(normalize(word))) and not is_views(word)


def is_average(word: str) -> bool:
    """Whether a header names something that cannot be added up."""
    return _has(word, "averages") and not is_views(word)


def is_running(word: str) -> bool:
    """Whether a header names a total so far."""
    return _has(word, "running")


def is_hour(word: str) -> bool:
    return _is(word, "hour")


def is_identifier(word: str) -> bool:
    return _is(word, "identifier")


def is_total(word: str) -> bool:
    return len(word) <= LONGEST and _is(word, "total")


def is_unknown(word: str) -> bool:
    return _is(word, "unknown")


def is_key(word: str) -> bool:
    """Whether a column of this name says which channel or video a row is of."""
    return _is(word, "key")


def key_rank(word: str) -> int:
    word, keys = normalize(word), _vocabulary()["key"]
    return keys.index(word) if word in keys else len(keys)


def file_rank(name: str) -> int:
    """How much a file of this name is wanted: 0 most."""
    stem = normalize(name.rsplit(".", 1)[0])
    return next((rank for rank, kind in enumerate(_FILES) if stem in _whole(kind)), len(_FILES))


def is_of_export(name: str) -> bool:
    """Whether a file of this name is part of an export of a single channel."""
    return file_rank(name) < len(_FILES)


def is_known(word: str) -> bool:
    """Whether the word stands in the vocabulary as a whole."""
    meanings = ("date", "views", "total", "clicks", "key", "neutral")
    return any(_is(word, meaning) for meaning in meanings) or any(_is(word, meaning) for meaning in _OTHER)


@cache
def months() -> dict[str, int]:
    """The number of a month by its name or short name."""
    return {name: number for number in range(1, 13) for name in _vocabulary()[f"month {number}"]}


def weekdays() -> list[str]:
    """Names and short names of weekdays."""
    return _vocabulary()["weekdays"]
