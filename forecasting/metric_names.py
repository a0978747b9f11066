"""Numbers that are not views keep their name and unit in every sentence: `in_metric` says it in words of their own.

Sentences are written about views. Where a channel counts something else, the word for views in a sentence of either
language gives way to the channel's, before facts are put in, so that text from files stays as it is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from forecasting.messages import N_, Translate
from forecasting.names import clean_name, unread

VIEWS = "views"
# What is counted, and what stands behind a number of it; each language has its own words for both.
VIEWS_WORDS = N_("views; views")
CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW"}
CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
LONGEST = 60  # letters of a file's own word
# What Markdown and `format` read as more than text, and how it is written instead: a look-alike means nothing to them.
LOOK_ALIKES = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "\\`*[]{}<>#$~|!:&"})


@dataclass(frozen=True)
class Metric:
    """What a channel counts; `words` are its name and unit, to be translated."""

    words: str
    of: tuple[str, ...]  # parts of a header that name it, in lower case
    whole: bool = True  # counts; else amounts such as hours, which have decimals
    money: bool = False


METRICS = (
    Metric(
        N_("watch hours; hours"),
        ("watch time", "watch hours", "hours watched", "观看时长", "觀看時間", "播放时长", "总再生時間", "総再生時間"),
        whole=False,
    ),
    Metric(
        N_("revenue; revenue"),
        ("revenue", "earnings", "income", "收入", "收益", "营收", "umsatz", "ingresos", "revenus", "receita"),
        whole=False,
        money=True,
    ),
    Metric(N_("subscribers; subscribers"), ("subscriber", "subs", "订阅", "訂閱", "登録者", "abonn", "suscriptor")),
    Metric(N_("followers; followers"), ("follower", "粉丝", "粉絲", "关注", "フォロワー", "seguidor")),
    Metric(N_("impressions; impressions"), ("impression", "曝光", "展示", "インプレッション")),
    Metric(N_("likes; likes"), ("likes", "点赞", "點讚", "高評価", "赞数")),
    Metric(N_("comments; comments"), ("comments", "评论", "評論", "留言")),
    Metric(N_("shares; shares"), ("shares", "分享", "转发", "轉發")),
    Metric(N_("downloads; downloads"), ("downloads", "下载", "下載", "ダウンロード")),
    Metric(N_("sessions; sessions"), ("sessions", "会话", "工作階段", "セッション")),
    Metric(N_("users; users"), ("users", "visitors", "viewers", "用户", "用戶", "使用者", "访客", "訪客", "ユーザー")),
    Metric(N_("visits; visits"), ("visits", "访问", "造訪", "visitas")),
    Metric(N_("plays; plays"), ("plays", "streams", "starts", "播放")),
    Metric(N_("orders; orders"), ("orders", "订单", "訂單")),
    Metric(N_("clicks; clicks"), ("clicks", "点击", "點擊", "クリック")),
    Metric(N_("rows; rows"), ("number of rows", "rows")),
)
# Parts of a header that make something else of it: the file's own word stays.
OTHERWISE = (
    "average",
    "avg",
    "rate",
    "per ",
    "percent",
    "%",
    "平均",
    "率",
    "minute",
    "second",
    "分钟",
    "分鐘",
    "lost",
    "流失",
)
FACT = r"\{[^{}]*\}"


def metric_of(header: str) -> Metric | None:
    """The known metric that a header names, if any; an average or a loss of it is something else."""
    said = header.lower()
    if any(part in said for part in OTHERWISE):
        return None
    return next((metric for metric in METRICS if any(_names(part, said) for part in metric.of)), None)


def _names(part: str, header: str) -> bool:
    """Whether a part of a header is there; one in Latin letters begins a word."""
    return bool(re.search(rf"\b{re.escape(part)}", header)) if part.isascii() else part in header


def in_metric(translate: Translate, header: str) -> Translate:
    """The same language in the words of what is counted: `header` is "views", or the file's own word."""
    return translate if header == VIEWS else _InMetric(translate, header)


class _InMetric:
    """A language whose sentences name what the channel counts."""

    def __init__(self, translate: Translate, header: str) -> None:
        known = metric_of(header)
        self.whole = known is None or known.whole
        self._translate = translate
        name, unit = _own_words(translate, header, known)
        self._exchange = _english(name, unit) if translate("views") == "views" else _chinese(translate, name, unit)

    def __call__(self, text: str, plural: str = "", count: int = 1, /) -> str:
        return self._exchange(self._translate(text, plural, count), text)


def is_whole(translate: Translate) -> bool:
    """Whether numbers in this language's words are counts, without decimals."""
    return getattr(translate, "whole", True)


def _own_words(translate: Translate, header: str, known: Metric | None) -> tuple[str, str]:
    """Name and unit in a language; a file's word that nobody knows stands for both."""
    if known is None:
        own = unread(clean_name(header, LONGEST).translate(LOOK_ALIKES))
        return own, own
    name, unit = translate(known.words).split("; ")
    currency = _currency(header) if known.money else ""
    return (f"{name} ({currency})", currency) if currency else (name, unit)


def _currency(header: str) -> str:
    """The currency that a header names: its sign's, or a code such as EUR."""
    signs = [code for sign, code in CURRENCIES.items() if sign in header]
    codes = CODE.findall(header)
    return (codes or signs or [""])[0]


def _english(name: str, unit: str) -> Callable[[str, str], str]:
    """Exchanges the word in English: behind a number and in brackets it is the unit, else the name."""
    behind = r"(?<=[}\d)] )views\b|(?<=\bin )views\b|(?<=[(,] )views(?=\))|(?<=\()views(?=\))|^views$"
    pattern = re.compile(rf"{FACT}|(?P<unit>{behind})|(?P<name>\b[Vv]iews\b)")
    capital = name[:1].upper() + name[1:]

    def word(found: re.Match) -> str:
        if found["name"]:
            return capital if found[0] == "Views" else name
        return unit if found["unit"] else found[0]

    return lambda said, _text: pattern.sub(word, said)


def _chinese(translate: Translate, name: str, unit: str) -> Callable[[str, str], str]:
    """Exchanges the words in Chinese; there a sentence on views has the measure word alone behind some numbers."""
    of_views, behind = map(re.escape, translate(VIEWS_WORDS).split("; "))
    alone = r"(?<=\} )次(?=[，。；：、（）变變]|$)"
    any_sentence, on_views = (
        re.compile(rf"{FACT}|(?P<unit>{units})|(?P<name>{of_views})") for units in (behind, f"{behind}|{alone}")
    )
    # Latin letters stand apart from Chinese ones.
    gaps = re.compile("|".join(_gaps(name) + _gaps(unit)) or "(?!)")

    def word(found: re.Match) -> str:
        return name if found["name"] else unit if found["unit"] else found[0]

    def exchange(said: str, text: str) -> str:
        said = (on_views if VIEWS in text.lower() else any_sentence).sub(word, said)
        return gaps.sub(" ", said)

    return exchange


def _gaps(word: str) -> list[str]:
    """Where a space belongs beside a word that begins or ends in Latin letters."""
    before = [rf"(?<=[一-鿿])(?={re.escape(word)})"] if word[:1].isascii() else []
    return before + ([rf"(?<={re.escape(word)})(?=[一-鿿])"] if word[-1:].isascii() else [])
