"""What is said to a user: errors, corrections and findings are all sentences that a page can translate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Translate = Callable[[str], str]  # gettext's function of a language; `str` leaves English as it is


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogue; it is translated where it is shown, not where it is written."""
    return sentence


@dataclass(frozen=True)
class Message:
    """`text` is marked with N_ where it is written; `facts` fill it in. A fact that is a Message is translated too.

    >>> Message("{row} is best.", {"row": Message("1 day")}).translated()
    '1 day is best.'
    """

    text: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def translated(self, translate: Translate = str) -> str:
        """The sentence in the language of `translate` (English without)."""
        facts = {
            name: fact.translated(translate) if isinstance(fact, Message) else fact for name, fact in self.facts.items()
        }
        return translate(self.text).format(**facts)

    def to_record(self) -> dict[str, object]:
        """As JSON can say it; a worker finds a sentence, and a page says it in its own language."""
        facts = {name: fact.to_record() if isinstance(fact, Message) else fact for name, fact in self.facts.items()}
        return {"text": self.text, "facts": facts}

    @classmethod
    def from_record(cls, record: dict) -> "Message":
        """What `to_record` wrote."""
        facts = {n: cls.from_record(fact) if isinstance(fact, dict) else fact for n, fact in record["facts"].items()}
        return cls(record["text"], facts)


class BadInput(ValueError):
    """Input that cannot be used. `message` says what is wrong and what to do.

    >>> str(BadInput(N_("The file has {days} days; a window of {window} days needs more."), days=9, window=28))
    'The file has 9 days; a window of 28 days needs more.'
    """

    def __init__(self, text: str, /, **facts: object) -> None:
        self.message = Message(text, facts)
        super().__init__(self.message.translated())

    def __reduce__(self):
        # Exceptions are rebuilt from args by default; a worker process sends this one home with its facts.
        return _rebuild, (type(self), self.message.text, self.message.facts)

    def translated(self, translate: Translate = str) -> str:
        """The sentence in the language of `translate` (English without)."""
        return self.message.translated(translate)


def _rebuild(kind: type[BadInput], text: str, facts: dict[str, object]) -> BadInput:
    return kind(text, **facts)
