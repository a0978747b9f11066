"""What is said to a user: errors, corrections and findings are all sentences that a page can translate."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Protocol, overload, runtime_checkable

FORM = re.compile(r",?(\.\d)?[a-z%]?")  # of a number in a sentence
FULL_WIDTH = "。！？；："  # ends of Chinese sentences, which have their room within


class Translate(Protocol):
    """A language: gettext for a sentence, ngettext for one that has a plural."""

    def __call__(self, text: str, plural: str = "", count: int = 1, /) -> str:
        """The sentence in the language; `count` chooses between `text` and `plural`, where there is one."""


def english(text: str, plural: str = "", count: int = 1, /) -> str:
    """The sentence as it is written."""
    return plural if plural and count != 1 else text


def join_sentences(sentences: Iterable[str]) -> str:
    """One after the other, with a space between them where the first does not end in Chinese.

    >>> join_sentences(["One.", "Two."]), join_sentences(["一。", "二。"])
    ('One. Two.', '一。二。')
    """
    said = list(sentences)
    return "".join(f"{each} " if each[-1:] not in FULL_WIDTH else each for each in said[:-1]) + "".join(said[-1:])


@overload
def N_(text: str, /) -> str: ...
@overload
def N_(text: str, plural: str, /) -> tuple[str, str]: ...
def N_(text: str, plural: str = "", /) -> str | tuple[str, str]:
    """Mark a sentence for the catalogue; it is translated where it is shown, not where it is written.

    One that counts something has a plural; its fact `count` chooses between the two.
    """
    return (text, plural) if plural else text


@runtime_checkable
class Translatable(Protocol):
    """What is said in a language of its own: a Message, or a number with the language's units."""

    def translated(self, translate: Translate = ..., /) -> str:
        """The text in a language."""


@dataclass(frozen=True)
class Message:
    """`text` is marked with N_ where it is written; `facts` fill it in.

    A fact that can be translated (a Message, Views) is translated too, a tuple of them is a list.

    >>> Message("{row} is best.", {"row": Message("1 day")}).translated()
    '1 day is best.'
    >>> Message(N_("{count} day is left.", "{count} days are left."), {"count": 1}).translated()
    '1 day is left.'
    >>> Message("Too few for {models}.", {"models": (Message("trees"), Message("Auto"))}).translated()
    'Too few for trees, Auto.'
    """

    text: str | tuple[str, str]  # singular and plural, told apart by the fact `count`
    facts: Mapping[str, object] = field(default_factory=dict)

    def translated(self, translate: Translate = english) -> str:
        """The sentence in the language of `translate` (English without)."""
        facts = {name: _said(fact, translate) for name, fact in self.facts.items()}
        if isinstance(self.text, str):
            return translate(self.text).format(**facts)
        count = self.facts["count"]
        assert isinstance(count, int), "a sentence with a plural counts something"
        return translate(*self.text, count).format(**facts)


def check_sentence(text: object, facts: Mapping[str, object]) -> None:
    """Raise ValueError unless a sentence that comes from a file does nothing but name its facts.

    A format can read what belongs to a fact, or ask for a text of any width.

    >>> check_sentence("{days} days", {"days": 3})
    >>> check_sentence("{days:>999999999}", {"days": 3})
    Traceback (most recent call last):
    ValueError: {days:>999999999} is no sentence
    """
    for said in text if isinstance(text, tuple | list) else (text,):
        if not isinstance(said, str):
            raise ValueError(f"{said} is no sentence")
        for _words, name, form, conversion in Formatter().parse(said):
            if name is not None and (name not in facts or not FORM.fullmatch(form or "") or conversion):
                raise ValueError(f"{said} is no sentence")


def _said(fact: object, translate: Translate) -> object:
    if isinstance(fact, Translatable):
        return fact.translated(translate)
    if isinstance(fact, tuple):
        return translate(N_(", ")).join(str(_said(part, translate)) for part in fact)
    return fact


class BadInput(ValueError):
    """Input that cannot be used. `message` says what is wrong and what to do.

    >>> str(BadInput(N_("The file has {days} days; a window of {window} days needs more."), days=9, window=28))
    'The file has 9 days; a window of 28 days needs more.'
    """

    def __init__(self, text: str | tuple[str, str], /, **facts: object) -> None:
        self.message = Message(text, facts)
        super().__init__(self.message.translated())

    def __reduce__(self):
        # Exceptions are rebuilt from args by default; a worker process sends this one home with its facts.
        return _rebuild, (type(self), self.message.text, self.message.facts)

    def translated(self, translate: Translate = english) -> str:
        """The sentence in the language of `translate` (English without)."""
        return self.message.translated(translate)


def _rebuild(kind: type[BadInput], text: str | tuple[str, str], facts: dict[str, object]) -> BadInput:
    return kind(text, **facts)
