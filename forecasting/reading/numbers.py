"""A column of numbers -> floats. Thousands and decimal marks are decided over the whole column."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forecasting.messages import N_, BadInput
from forecasting.reading import words
from forecasting.reading.choice import Question

MIXED_MARKS = N_("The numbers in {name} mix decimal points and decimal commas; write them in one style.")
TWO_READINGS = N_("Numbers such as {example} in {name} can be read in two ways; choose one.")
SHARE = 0.9  # of the filled rows must be numbers

_SCALES = {"k": 1e3, "千": 1e3, "万": 1e4, "萬": 1e4, "m": 1e6, "mn": 1e6, "亿": 1e8, "億": 1e8, "b": 1e9, "bn": 1e9}
_SUFFIX = r"(?:\s*(?:[kK]|[mM][nN]?|[bB][nN]?|[千万萬亿億])\s*[次回]?)?"
# Spaces and apostrophes always part thousands; a comma or a point does in one of the two styles.
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?"
_GROUPS = r"\d+|[1-9]\d{0,2}(?:[,'’ ]\d{3})+|[1-9]\d?(?:,\d{2})+,\d{3}"
_POINT = rf"^[+-]?(?:(?:{_GROUPS})(?:\.\d+)?|\.\d+){_EXPONENT}{_SUFFIX}$"
_COMMA = rf"^[+-]?(?:(?:\d+|[1-9]\d{{0,2}}(?:[.'’ ]\d{{3}})+)(?:,\d+)?|,\d+){_EXPONENT}{_SUFFIX}$"
_DURATION = r"^\d+:[0-5]\d(?::[0-5]\d)?$"
_INFINITE = r"(?i)^[+-]?(?:inf|infinity|∞)$"
_MONEY = r"[$€£¥₹₩￥₺₽฿₫]|円|元"
_DECIMALS = r"\d[.,](?:\d{1,2}|\d{4,})$"  # three digits may be thousands
_ZEROS = r"[.,]0+$"
LONGEST = 60  # letters of a number
_AROUND = r"^['\s$€£¥₹₩￥₺₽฿₫]+|(?:[\s$€£¥₹₩￥₺₽฿₫]|円|元|次|回)+$"


@dataclass(frozen=True)
class Numbers:
    """The number in each row (NaN where there is none), and what kind of number the column holds."""

    values: np.ndarray  # float64, one a row
    kind: str  # "count", "fraction", "money", "percent" (in percent) or "duration" (in seconds)
    rounded: int = 0  # rows such as 1.2K
    junk: int = 0  # rows with something else than a number


def kind(column) -> str | None:
    """What a column's numbers are: count, fraction, money, percent or duration; None where it is no column of numbers.

    A fraction is what is not whole in most rows.
    """
    rows = np.bincount(column.codes, minlength=len(column.words))
    tidy, percent = _tidy(column.words)
    clock = _matches(tidy, _DURATION)
    number = _matches(tidy, _POINT) | _matches(tidy, _COMMA) | _matches(tidy, _INFINITE)
    filled = ~_unknown(column.words, number | clock)
    total = rows[filled].sum()
    if not total:
        return None
    if rows[filled & clock].sum() >= SHARE * total:
        return "duration"
    # A total row may hold anything.
    if rows[filled & number].sum() < min(SHARE * total, total - 1) or not rows[filled & number].sum():
        return None
    if rows[percent & filled].sum() > total / 2:
        return "percent"
    if rows[_matches(_short(column.words), _MONEY) & filled].sum() > total / 2:
        return "money"
    broken = _matches(tidy, _DECIMALS) & ~_matches(tidy, _ZEROS)
    return "fraction" if rows[broken].sum() > total / 2 else "count"


def _short(texts: pa.StringArray) -> pa.StringArray:
    """The words, with what is too long for a number replaced by a word that is none."""
    if not len(texts) or pc.max(pc.binary_length(texts)).as_py() <= LONGEST:
        return texts
    return pc.if_else(pc.greater(pc.binary_length(texts), 4 * LONGEST), "x", texts)


def read_numbers(column, name: str, *, views: bool, separator: str, decimal: str | None = None) -> Numbers:
    """The numbers of a column. `views` says they are whole. Raises BadInput, or Question about the decimal mark."""
    sort = kind(column)
    tidy, _ = _tidy(column.words)
    if sort == "duration":
        values = np.array([_seconds(text) for text in tidy.to_pylist()], float)
        return Numbers(values[column.codes], sort)
    sort = sort or "count"  # what is all unknown may be anything
    rows = np.bincount(column.codes, minlength=len(column.words))
    if not np.any(rows):
        return Numbers(np.empty(0), sort)
    if pc.all(pc.match_substring_regex(tidy, r"^-?\d{1,15}$")).as_py():
        return Numbers(pc.cast(tidy, pa.float64()).to_numpy(zero_copy_only=False)[column.codes], sort)
    mark = _mark(tidy, rows, name, views=views, separator=separator, decimal=decimal)
    values, scaled = _values(tidy, mark)
    junk = np.isnan(values) & ~_unknown(column.words, ~np.isnan(values))
    return Numbers(values[column.codes], sort or "count", int(rows[scaled].sum()), int(rows[junk].sum()))


def _tidy(texts: pa.StringArray) -> tuple[pa.StringArray, np.ndarray]:
    """Words without currency, percent sign and accounting brackets; which of them were percent."""
    texts = _short(texts)
    if pc.all(pc.match_substring_regex(texts, r"^\d+$")).as_py():
        return texts, np.zeros(len(texts), bool)
    percent = pc.ends_with(texts, "%").to_numpy(zero_copy_only=False)
    tidy = pc.replace_substring_regex(pc.utf8_rtrim(texts, characters="% "), r"^\((.*\d.*)\)$", r"-\1")
    tidy = pc.replace_substring_regex(pc.replace_substring(tidy, "−", "-"), r"[\x{00a0}\x{202f}\x{2009}]", " ")
    tidy = pc.replace_substring_regex(tidy, r"^(-?)[$€£¥₹₩₺₽฿₫]\s*", r"\1")
    return pc.replace_substring_regex(tidy, _AROUND, ""), percent


def _matches(texts: pa.StringArray, pattern: str) -> np.ndarray:
    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)


def _unknown(texts: pa.StringArray, number: np.ndarray) -> np.ndarray:
    """Which words say that there is no number. Only those that are none are looked at."""
    missing = np.zeros(len(texts), bool)
    rest = np.flatnonzero(~number)
    missing[rest] = [len(text) <= 12 and words.is_unknown(text) for text in texts.take(pa.array(rest)).to_pylist()]
    return missing


def _seconds(text: str) -> float:
    if not text or not all(part.isdigit() for part in text.split(":")):
        return np.nan
    parts = [int(part) for part in text.split(":")]
    return float(sum(part * 60**power for power, part in enumerate(reversed(parts))))


def _mark(
    tidy: pa.StringArray, rows: np.ndarray, name: str, *, views: bool, separator: str, decimal: str | None
) -> str:
    """The decimal mark of the column: the one in which every number is one; else the chosen one, or what is likely."""
    point, comma = _matches(tidy, _POINT), _matches(tidy, _COMMA)
    only_point, only_comma = rows[point & ~comma].sum(), rows[comma & ~point].sum()
    if only_point and only_comma and not decimal:
        raise BadInput(MIXED_MARKS, name=name)
    if bool(only_point) != bool(only_comma):
        return "." if only_point else ","
    either = point & comma & _matches(tidy, r"[.,]")
    if decimal or not either.any():
        return decimal or "."
    short = (either & _matches(tidy, r"\D$")).any()
    return _likely_mark(
        tidy[int(np.flatnonzero(either)[0])].as_py(), name, whole=views and not short, separator=separator
    )


def _likely_mark(example: str, name: str, *, whole: bool, separator: str) -> str:
    """The mark that makes `example`, a number by either, a thousand and more. Raises Question where it may be less."""
    mark = "," if "." in example else "."
    if whole or ("," in example and separator == ","):
        return mark
    options = tuple((one, f"{_values(pa.array([example]), one)[0][0]:g}") for one in (mark, *{".", ","} - {mark}))
    raise Question(TWO_READINGS, "decimal", options, example=example, name=name)


def _values(tidy: pa.StringArray, mark: str) -> tuple[np.ndarray, np.ndarray]:
    """The value of each word, NaN where it is no number; which of them were written short, such as 1.2K."""
    good = _matches(tidy, _POINT if mark == "." else _COMMA)
    bare = pc.replace_substring_regex(tidy, r"[,'’ ]" if mark == "." else r"[.'’ ]", "")
    bare = pc.replace_substring(bare, ",", ".")
    parts = pc.extract_regex(bare, r"^(?P<number>.*?)(?P<scale>[a-zA-Z千万萬亿億]*)[次回]?$")
    numbers = pc.if_else(pa.array(good), pc.struct_field(parts, "number"), None)
    values = (
        pc.cast(pc.replace_substring_regex(numbers, r"^\+", ""), pa.float64())
        .to_numpy(zero_copy_only=False)
        .astype(float)
    )
    scales = pc.utf8_lower(pc.struct_field(parts, "scale"))
    scaled = good & pc.fill_null(pc.not_equal(scales, ""), False).to_numpy(zero_copy_only=False)
    for name, factor in _SCALES.items():
        so = scaled & pc.fill_null(pc.equal(scales, name), False).to_numpy(zero_copy_only=False)
        values[so] = np.round(values[so] * factor, 3)  # 1.1K is 1100, not 1100.0000000000002
    endless = _matches(tidy, _INFINITE)
    values[endless] = np.where(_matches(tidy, r"^-")[endless], -np.inf, np.inf)
    return values, scaled
