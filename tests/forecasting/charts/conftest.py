"""Charts name their encodings by Altair's classes: a plain string or a dict takes a hundred times as long each."""

from collections.abc import Iterator

import pytest
from altair.utils import core


@pytest.fixture(autouse=True)
def no_guessed_encoding(monkeypatch) -> Iterator[list[str]]:
    """Every encoding that Altair had to find a class for, by a walk through its whole schema."""
    guessed: list[str] = []
    wrap = core._ChannelCache._wrap_in_channel

    def note(self, given, encoding, /):
        if not isinstance(given, (core.SchemaBase, list, tuple)):
            guessed.append(f"{encoding}={given!r}")
        return wrap(self, given, encoding)

    monkeypatch.setattr(core._ChannelCache, "_wrap_in_channel", note)
    yield guessed
    assert not guessed
