"""What was found, said in one sentence that a page can translate."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sentence:
    """`text` is marked with N_ where it is written; `facts` fill it in. A fact that is a Sentence is said as well.

    >>> Sentence("{row} is best.", {"row": Sentence("1 day")}).say()
    '1 day is best.'
    """

    text: str
    facts: dict[str, object] = field(default_factory=dict)

    def say(self, translate: Callable[[str], str] = str) -> str:
        """The sentence in the language of `translate` (gettext's function; English without)."""
        facts = {name: fact.say(translate) if isinstance(fact, Sentence) else fact for name, fact in self.facts.items()}
        return translate(self.text).format(**facts)

    def to_record(self) -> dict[str, object]:
        """As JSON can say it; a worker finds a sentence, and a page says it in its own language."""
        facts = {name: fact.to_record() if isinstance(fact, Sentence) else fact for name, fact in self.facts.items()}
        return {"text": self.text, "facts": facts}

    @classmethod
    def from_record(cls, record: dict) -> "Sentence":
        """What `to_record` wrote."""
        facts = {n: cls.from_record(fact) if isinstance(fact, dict) else fact for n, fact in record["facts"].items()}
        return cls(record["text"], facts)


def in_views(views: float) -> str:
    """A count as people say it: 87, 460, 5.24k, 1.30M. Thousands have three digits, also where the last is a zero."""
    text = f"{views:.0f}" if abs(views) >= 10 else f"{views:.2g}"
    for unit, size in (("k", 1e3), ("M", 1e6)):
        if abs(views) >= size * 0.9995:
            digits = float(f"{views / size:.3g}")  # rounded first: 9.996k is 10.0k
            text = f"{digits:,.{2 if abs(digits) < 10 else 1 if abs(digits) < 100 else 0}f}{unit}"
    return text.replace("-", "−")


def percent(share: float) -> str:
    """0.123 as 12 %. There is no −0 %."""
    whole = round(100 * share, 0) + 0.0
    return f"{whole:,.0f} %".replace("-", "−")


def chance(share: float) -> str:
    """The same for how likely something is judged to be: nobody is surer than >99 %, or <1 %."""
    return ">99 %" if share > 0.99 else "<1 %" if share < 0.01 else percent(share)
