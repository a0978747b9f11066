"""The shapes in which dates are written, and one word taken apart into its three numbers."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forecasting.reading import words

LONGEST = 100  # letters of a date with its time and zone
SAMPLED_ROWS = 500  # words of a column that say whether it holds dates
MAX_WORDS = 200_000  # distinct days a column of dates can have, junk included

MONTHS = {
    name: i
    for i, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = (
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+"
    r"|星期[一二三四五六日天]|[周週][一二三四五六日]|[日月火水木金土]曜日?|\(\w{1,3}\)"
)
# In these patterns a space stands for any run of white space.
_SEP = r"(?P<sep> ?[-/.] ?| )"
CERTAIN = [
    re.compile(r"(?P<y>\d{4}) ?[-/.年년 ] ?(?P<m>\d{1,2}) ?[-/.月월 ] ?(?P<d>\d{1,2}) ?[日일.]?"),
    re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"),
    re.compile(r"(?P<y>\d{2})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日"),
    re.compile(rf"{_MONTH}\.? ?[-/ ]? ?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: ?, ?| ?[-/ ] ?)(?P<y>\d{{4}}|\d{{2}})"),
    re.compile(rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.? ?[-/ ]? ?{_MONTH}\.?,? ?[-/ ]? ?(?P<y>\d{{4}}|\d{{2}})"),
    re.compile(rf"(?P<y>\d{{4}}) ?[-/ ] ?{_MONTH} ?[-/ ] ?(?P<d>\d{{1,2}})"),
]
OPEN = re.compile(rf"(?P<a>\d{{1,2}}){_SEP}(?P<b>\d{{1,2}})(?: ?[-/.] ?| )(?P<c>\d{{4}}|\d{{2}})\.?")
# Rows for weeks, months, quarters or years.
COARSE = re.compile(
    rf"\d{{4}}\s*[-/.年년]\s*\d{{1,2}}[月월]?|\d{{1,2}}[-/.]\d{{4}}|{_MONTH}\.?\s*[-/ ,]?\s*\d{{4}}"
    r"|\d{4}\s*[-/ ]?\s*[wqk]\s*\d{1,2}|[wq]\d{1,2}\s*[-/ ]?\s*\d{4}"
    r"|\d{4}\s*年?|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\s*(?:-|–|~|to|至)\s*\d{4}[-/.]\d{1,2}[-/.]\d{1,2}"
)
ISO = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$"
CLOCK = (
    r"^(?P<day>.*?)(?:T|\s+|\s*,\s*)(?:(?:오전|오후|上午|下午|午前|午後|[AaPp][Mm])\s*)?(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?|\d{1,2}[时時])"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|[A-Z]{2,5}|\[.*\])?$"
)
# 26/Nov/2022:15:19:36 +0000 of a server's log, and May 7 2023 20:00:00 GMT-0400 (Eastern Daylight Time) of a browser.
LOG = r"^\[?(\d{1,2}/[A-Za-z]{3}/\d{4}):(.*?)\]?$"
NAMED_ZONE = r"\s*GMT([+-]\d{4})(?:\s*\([^)]*\))?$"
SECONDS = r"^1\d{9}(?:\d{3})?(?:\.\d+)?$"  # or thousandths, since 1970: from September 2001 to 2033
_NAMED = re.compile(r"\d\W*[^\W\d_]|[^\W\d_]\W*\d")  # a number beside a word
_FILLERS = re.compile(r"\b(?:de|del|di|den|ngay|nam|g|г|року|р)\b\.?|[,.]", re.IGNORECASE)


@dataclass(frozen=True)
class Shaped:
    """The distinct date words of a column, taken apart. `parts` are three numbers as they stand."""

    words: list[str]
    kinds: np.ndarray  # "" no date, "ymd" certain, else the separator of a word whose order is open
    parts: np.ndarray  # (words, 3)


def look_like_dates(cells: list[str]) -> np.ndarray:
    """Which cells have the shape of a date (or of a week, month or range of days)."""
    tidy = [_half_width(cell) for cell in cells]
    likely = np.array([6 <= len(cell) <= LONGEST and bool(re.search(r"\d", cell)) for cell in tidy], bool)
    places = np.flatnonzero(likely)
    if not len(places):
        return likely
    days, _, _ = split(pa.array([tidy[place] for place in places], pa.string()))
    for place, day in zip(places, days.to_pylist(), strict=True):
        likely[place] = bool(_take_apart(day)[0] or (COARSE.fullmatch(day.lower()) and not day.isdigit()))
    return likely


def _half_width(cell: str) -> str:
    """A cell that may be a date, in half-width letters; "" for one that is too long."""
    seen = words.visible(cell[: 10 * LONGEST])
    return unicodedata.normalize("NFKC", seen).strip() if len(seen) <= 3 * LONGEST else ""


def look_like_seconds(cells: list[str]) -> np.ndarray:
    """Which cells can be seconds since 1970."""
    return np.array([bool(re.match(SECONDS, cell[:LONGEST].strip())) for cell in cells], bool)


def share(column, seconds: bool = False) -> float:
    """The share of a column's filled rows that have the shape of a date, from a sample of its words."""
    rows = np.bincount(column.codes, minlength=len(column.words))
    sample = np.arange(0, len(rows), max(1, len(rows) // SAMPLED_ROWS))
    cells = column.words.take(pa.array(sample)).to_pylist()
    filled = np.array([bool(cell) for cell in cells], bool)
    dates = look_like_dates(cells) | look_like_seconds(cells) if seconds else look_like_dates(cells)
    return float(rows[sample][dates].sum() / max(1, rows[sample][filled].sum()))


def split(texts: pa.StringArray) -> tuple[pa.StringArray, bool, bool]:
    """Words without time of day and zone; whether the times differ; whether there are zones."""
    packed = pc.match_substring_regex(texts, r"^(?:19|20)\d{2}[01]\d[0-3]\d[0-2]\d$")  # as Analytics writes hours
    hourly = pc.any(packed).as_py() or False
    if hourly:
        texts = pc.if_else(packed, pc.utf8_slice_codeunits(texts, 0, 8), texts)
    if not pc.any(pc.match_substring_regex(texts, r"\d[:时時]")).as_py():
        return texts, hourly, False
    if pc.all(pc.match_substring_regex(texts, ISO)).as_py():  # the usual case, in a tenth of the time
        clocks = pc.unique(pc.utf8_slice_codeunits(texts, 11, 16))
        zones = pc.any(pc.match_substring_regex(texts, r"[Z+]|-\d\d:?\d\d$")).as_py()
        return pc.utf8_slice_codeunits(texts, 0, 10), len(clocks) > 1, zones
    texts = pc.replace_substring_regex(pc.replace_substring_regex(texts, LOG, r"\1 \2"), NAMED_ZONE, r" \1")
    found = pc.extract_regex(texts, CLOCK)
    day = pc.coalesce(pc.struct_field(found, "day"), texts)
    clocks = pc.unique(pc.drop_null(pc.struct_field(found, "clock")))
    zones = pc.any(pc.not_equal(pc.struct_field(found, "zone"), "")).as_py()
    return day, hourly or len(clocks) > 1, bool(zones)


def shape(texts: list[str], native: bool) -> Shaped:
    pieces = [_take_apart(text) for text in texts]
    kinds = np.array([kind for kind, _ in pieces], dtype=object)
    parts = np.array([numbers for _, numbers in pieces], dtype=np.int64).reshape(-1, 3)
    if native and {"ymd"} < set(kinds) - {""}:
        # Excel turns the dates it can read the wrong way round into real dates and leaves the others as text.
        kinds[kinds == "ymd"] = "cell"
    return Shaped(texts, kinds, parts)


def from_seconds(texts: pa.StringArray) -> pa.StringArray | None:
    """Seconds or thousandths since 1970 as days and times in UTC; None where most words are something else."""
    whole = pc.match_substring_regex(texts, SECONDS)
    if not len(texts) or pc.mean(pc.cast(whole, pa.float64())).as_py() < 0.9:
        return None
    numbers = pc.cast(pc.if_else(whole, texts, None), pa.float64())
    numbers = pc.if_else(pc.greater(numbers, 1e11), pc.divide(numbers, 1000.0), numbers)
    stamps = pc.cast(pc.cast(pc.floor(numbers), pa.int64()), pa.timestamp("s"))
    return pc.coalesce(pc.strftime(stamps, "%Y-%m-%d %H:%M:%S"), texts)


def _take_apart(text: str) -> tuple[str, tuple[int, int, int]]:
    if len(text) > LONGEST:
        return "", (0, 0, 0)
    found = _in_english(text)
    if found[0] or not _NAMED.search(text):
        return found
    return _in_english(_translated(text))


@cache
def _names(weekdays: bool) -> re.Pattern[str]:
    names = sorted(words.weekdays() if weekdays else words.months(), key=len, reverse=True)
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(map(re.escape, names))})(?![^\W\d_])[.॰]?")


def _translated(text: str) -> str:
    """The date with its month in English, without weekday and what else other languages put; "" without a month."""
    text = words.normalize(text)
    for bare in (_names(weekdays=True).sub(" ", text, count=1), text):  # French mar. is a weekday, Spanish a month
        month = _names(weekdays=False).search(bare)
        if month:
            english = list(MONTHS)[words.months()[month[0].rstrip(".॰")] - 1]
            bare = f"{bare[: month.start()]} {english} {bare[month.end() :]}"
            return re.sub(r"\s+", " ", _FILLERS.sub(" ", bare)).strip()
    return ""


def _in_english(text: str) -> tuple[str, tuple[int, int, int]]:
    text = " ".join(re.sub(_WEEKDAY, "", text.strip().lower()).split()).strip(" ,'")
    for shape in CERTAIN:
        found = shape.fullmatch(text)
        if found:
            groups = found.groupdict()
            month = MONTHS[groups["name"][:3]] if groups.get("name") else int(groups["m"])
            return "ymd", (_year(groups["y"]), month, int(groups["d"]))
    found = OPEN.fullmatch(text)
    if not found:
        return "", (0, 0, 0)
    long = len(found["c"]) == 4
    kind = (found["sep"].strip() or " ") + ("yyyy" if long else "yy")
    return kind, (int(found["a"]), int(found["b"]), int(found["c"]))


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else century(int(text))


def century(year):
    """Two-digit years as Python and POSIX read them: 69 to 99 are the last century's."""
    return year + np.where(year < 69, 2000, 1900)
