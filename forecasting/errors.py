"""What goes wrong with input, said in one sentence that a page can translate."""

from collections.abc import Callable


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogue; it is translated where it is shown, not where it is written."""
    return sentence


class BadInput(ValueError):
    """Input that cannot be used. `sentence` says what is wrong and what to do, with `{facts}` to fill in.

    >>> str(BadInput(N_("The file has {days} days; a window of {window} days needs more."), days=9, window=28))
    'The file has 9 days; a window of 28 days needs more.'
    """

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(sentence.format(**facts))
        self.sentence = sentence
        self.facts = facts

    def __reduce__(self):
        # Exceptions are rebuilt from args by default; a worker process sends this one home with its facts.
        return _rebuild, (type(self), self.sentence, self.facts)

    def say(self, translate: Callable[[str], str] = str) -> str:
        """The sentence in the language of `translate` (gettext's function; English without)."""
        return translate(self.sentence).format(**self.facts)


def _rebuild(kind: type[BadInput], sentence: str, facts: dict[str, object]) -> BadInput:
    return kind(sentence, **facts)
