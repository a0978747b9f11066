"""Names that strangers give: of channels, columns, videos, runs, tags, events and files.

They come in by `clean_name`, apart from the names that the app gives itself (`apart`), and are shown as they are:
`escape_markdown` for whatever reads Markdown, `name_in_words` where the app's own names are translated.
"""

import re
import unicodedata
from collections.abc import Iterable

from forecasting.messages import N_, Translate

LONGEST_NAME = 200  # letters
# Control characters, halves of letters, and marks that turn the direction of whatever text stands beside a name.
UNSEEN = ("Cc", "Cs", "Zl", "Zp")
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

SUM_OF_ALL = N_("sum of all")  # the channel that adds up every other one of its file
EVERY_COLUMN = N_("every column is a channel")  # a metric: the file has a column of views for each of several channels
NUMBER_OF_ROWS = N_("number of rows")  # a metric: each row of the file is one event
SAMPLE_NAME = N_("Sample channel")
OWN = (SUM_OF_ALL, EVERY_COLUMN, NUMBER_OF_ROWS, SAMPLE_NAME)  # names that no file's can be: see `apart`

JOINER = "\u2060"  # has no width, and no word goes on behind it
_SPECIAL = re.compile(r"([\\`*_\[\]()#!<>$~|:&])")
_LIST = re.compile(r"^(\d*)(?=[-+.)=])")
# Written out, these become links, icons and arrows even where their signs are escaped.
_TYPED = re.compile(r"(?<=:)(?=[\w/+])|(?<=@)(?=[\w-])|(?<=\bwww)(?=\.)|(?<=[-<>=~])(?=[-<>=~])", re.IGNORECASE)


def clean_name(name: str, longest: int = LONGEST_NAME) -> str:
    """A name on one line, of at most so many letters; emoji and every script stay as they are.

    >>> clean_name("  Episode\\t12\\n")
    'Episode 12'
    """
    return " ".join(one_line(name).split())[:longest].strip()


def one_line(text: str) -> str:
    """The text with a space for whatever breaks a line or cannot be seen, and without marks of direction."""
    if not text.isprintable():  # emoji that are joined are not, and stay as they are
        text = "".join(" " if unicodedata.category(sign) in UNSEEN else sign for sign in text if sign not in TURNING)
    return re.sub(" +", " ", text).strip()


def apart(name: str, place: str) -> str:
    """A file's own name, told apart by its place in the file where the app gives that name itself.

    >>> apart("Sum  of all", "Video"), apart("Sums", "Video")
    ('Sum of all (Video)', 'Sums')
    """
    clean = clean_name(name)
    return f"{clean} ({place})" if clean.casefold() in map(str.casefold, OWN) else clean


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The names, with a number behind each that stands there before.

    >>> distinct(["a", "b", "a"])
    ('a', 'b', 'a (2)')
    """
    taken: dict[str, int] = {}
    for name in names:
        numbered = name
        while numbered in taken:
            taken[name] += 1
            numbered = f"{name} ({taken[name]})"
        taken[numbered] = 1
    return tuple(taken)


def name_in_words(name: str, translate: Translate) -> str:
    """The name as a page shows it: one that the app gave is translated, a stranger's stands as it was given."""
    return translate(name) if name in OWN else name


def escape_markdown(text: str) -> str:
    """Text from a file, a link or a visitor, to be shown as it is: a header shall not become a picture or a formula.

    >>> escape_markdown("![x](y) $z$")
    '\\\\!\\\\[x\\\\]\\\\(y\\\\) \\\\$z\\\\$'
    """
    return _LIST.sub(r"\1\\", _SPECIAL.sub(r"\\\1", _typed(one_line(text))))


def unread(name: str) -> str:
    """A name without signs of Markdown, to stand in a sentence that is read as such or not: no list, link or arrow."""
    return _LIST.sub(rf"\1{JOINER}", _typed(name))


def _typed(text: str) -> str:
    return _TYPED.sub(JOINER, text)
