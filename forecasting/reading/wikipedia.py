"""A Wikipedia article as a channel: its name, its daily views from Wikimedia's pageviews API, its suggestions.

The API: https://doc.wikimedia.org/generated-data-platform/aqs/analytics-api/ (data under CC0, since July 2015).
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote, unquote, urlencode

import numpy as np
import pandas as pd

from forecasting.messages import N_, BadInput
from forecasting.reading import wikimedia
from forecasting.reading.calendar import LARGEST
from forecasting.reading.channels import Rows
from forecasting.series import Correction

FIRST_DAY = date(2015, 7, 1)  # the API's
PREFIX = "wikipedia:"
LONGEST_TITLE = 170  # letters; the store keeps 200 of a file's name. Wikipedia's own bound is 255 bytes
MOST_DAYS = 40_000  # of an answer: more than a hundred years
SUGGESTIONS = 6
SUGGESTION_PATIENCE = 3.0  # seconds
# The API leaves out days without a view, and days that were never loaded. Between two days of 20 views or more the
# first is next to impossible: a Poisson count of mean 20 is 0 once in half a billion days.
CERTAINLY_VIEWED = 20

LANGUAGE = re.compile(r"[a-z]{2,12}(-[a-z]{1,12}){0,3}")
ADDRESS = re.compile(r"(?:https?://)?([a-z-]{1,30})\.(?:m\.)?wikipedia\.org/(?:wiki|zh-[a-z]{1,10})/([^?#]+)", re.I)
# What MediaWiki forbids in titles; "-" alone stands for views whose title is not known.
FORBIDDEN = re.compile(r"[#<>\[\]{}|\x00-\x1f\x7f\ufffd\ud800-\udfff]|^-$|^:|(^|/)\.{1,2}(/|$)")
INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e]")  # marks of direction, which MediaWiki drops

NO_LANGUAGE = N_("“{language}” is not the language code of a Wikipedia; give one such as en or zh.")
NO_TITLE = N_("“{title}” cannot be the title of an article; copy the title as it stands above the article.")
NO_VIEWS = N_("There are no views of “{title}” on {language}.wikipedia.org; check the title and the language.")
ZEROS = N_("Days left out by Wikimedia because nobody looked, counted as 0: {count}.")


@dataclass(frozen=True)
class Article:
    """Where the views come from. Raises BadInput for what cannot be a language or a title."""

    language: str  # the code before .wikipedia.org
    title: str

    def __post_init__(self) -> None:
        if not LANGUAGE.fullmatch(self.language):
            raise BadInput(NO_LANGUAGE, language=_printable(self.language[:40]))
        if not _is_title(self.title):
            raise BadInput(NO_TITLE, title=_printable(self.title[:40]))

    @classmethod
    def typed(cls, language: str, text: str) -> "Article":
        """The article that somebody means by a title, or by the address of the article itself."""
        if address := ADDRESS.match(text.strip()):
            language, text = address[1].lower(), unquote(address[2])
        text = INVISIBLE.sub("", unicodedata.normalize("NFC", text))
        return cls(language, _capitalized(" ".join(text.replace("_", " ").split())))

    @classmethod
    def named(cls, file: str) -> "Article | None":
        """The article of a name such as wikipedia:en:Influenza; None where it is the name of a file."""
        if not file.startswith(PREFIX):
            return None
        language, _colon, title = file.removeprefix(PREFIX).partition(":")
        return cls.typed(language, title)

    @property
    def file(self) -> str:
        """The name that stands for the article where a file's would."""
        return f"{PREFIX}{self.language}:{self.title}"


def fetch(article: Article, first: date = FIRST_DAY) -> dict[date, int]:
    """Views a day by people on every device from `first` on, in order; empty where there are none.

    Raises BadInput like `wikimedia.get`, and where the answer is none.
    """
    last = datetime.now(UTC).date()
    if first > last:
        return {}
    title = quote(article.title.replace(" ", "_"), safe="")
    path = f"/api/rest_v1/metrics/pageviews/per-article/{article.language}.wikipedia/all-access/user/{title}/daily"
    response = wikimedia.get("wikimedia.org", f"{path}/{first:%Y%m%d}00/{last:%Y%m%d}00")
    return {} if response is None else _counts(response, first, last)


def suggest(language: str, text: str) -> list[str]:
    """Titles of articles that begin like `text`, the likeliest first. Raises BadInput like `wikimedia.get`."""
    Article(language, "x")  # checks the language, which becomes part of a host's name
    path = "/w/rest.php/v1/search/title?" + urlencode({"q": text, "limit": SUGGESTIONS}, errors="replace")
    response = wikimedia.get(f"{language}.wikipedia.org", path, SUGGESTION_PATIENCE)
    pages = response.get("pages") if isinstance(response, dict) else None
    found = (page.get("title") for page in pages if isinstance(page, dict)) if isinstance(pages, list) else ()
    titles = [title for title in found if isinstance(title, str) and _is_title(title)]
    return list(dict.fromkeys(titles))[:SUGGESTIONS]


def pack(article: Article, counts: dict[date, int]) -> bytes:
    """Views a day as bytes, to be kept like a file's. Raises BadInput where there are none."""
    if not counts:
        raise BadInput(NO_VIEWS, title=article.title, language=article.language)
    return json.dumps({"items": [{"timestamp": f"{day:%Y%m%d}", "views": counts[day]} for day in counts]}).encode()


def unpack(data: bytes) -> dict[date, int]:
    """What `pack` has packed. Raises BadInput."""
    try:
        return _counts(json.loads(data))
    except (ValueError, RecursionError):
        raise BadInput(wikimedia.ODD) from None


def rows(data: bytes, article: Article) -> tuple[Rows, tuple[Correction, ...]]:
    """What `pack` has packed, as a table's rows are: days that the API left out are 0, or unknown where 0 cannot be."""
    counts = unpack(data)
    views = pd.Series(counts.values(), pd.DatetimeIndex(list(counts)), dtype=float).asfreq("D")
    least = np.minimum(views.ffill(), views.bfill())
    zeros = views.isna() & (least < CERTAINLY_VIEWED)
    days = tuple(day.date() for day in views.index[zeros])
    table = Rows(
        days=views.index.to_numpy().astype("datetime64[D]"),
        counts=[views.where(~zeros, 0).to_numpy()],
        names=(article.title,),
        codes=None,
        parts=False,
        adds=True,
        totals=(np.nan,),
    )
    return table, (Correction(ZEROS, days),) if days else ()


def next_day(counts: dict[date, int]) -> date:
    """The first day to ask for when new ones are wanted."""
    return max(counts) + timedelta(days=1)


def _counts(response: object, first: date = FIRST_DAY, last: date = date.max) -> dict[date, int]:
    """The response's days and views, in order. Raises BadInput for anything that is not exactly that."""
    items = response.get("items") if isinstance(response, dict) else None
    if not isinstance(items, list) or len(items) > MOST_DAYS:
        raise BadInput(wikimedia.ODD)
    counts = dict(_count(item) for item in items)
    if len(counts) != len(items) or not all(first <= day <= last for day in counts):
        raise BadInput(wikimedia.ODD)
    return dict(sorted(counts.items()))


def _count(item: object) -> tuple[date, int]:
    """A day and its views; the timestamp is 2015070100, whose last two digits are the hour."""
    day, views = (item.get("timestamp"), item.get("views")) if isinstance(item, dict) else (None, None)
    if not isinstance(day, str) or not re.fullmatch("[0-9]{8}(00)?", day) or type(views) is not int:
        raise BadInput(wikimedia.ODD)
    if not 0 <= views <= LARGEST:
        raise BadInput(wikimedia.ODD)
    try:
        return date(int(day[:4]), int(day[4:6]), int(day[6:8])), views
    except ValueError:
        raise BadInput(wikimedia.ODD) from None


def _is_title(text: str) -> bool:
    return 0 < len(text) <= LONGEST_TITLE and not FORBIDDEN.search(text)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _capitalized(title: str) -> str:
    """A title begins with a capital where its script has one; Georgian's are for headlines alone."""
    capital = title[:1].upper()
    return capital + title[1:] if len(capital) == 1 and not "\u10d0" <= title[0] <= "\u10ff" else title
