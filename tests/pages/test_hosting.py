"""What a visitor sees of a host's limits."""

import pytest

from tests.pages.conftest import Visitor


def test_a_limit_that_cannot_be_read_is_said_and_nothing_else_is_shown(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("VIEWCAST_RUNS", "many")
    app = visitor.app.run()
    assert [error.value for error in app.error] == [
        r"VIEWCAST\_RUNS is “many”; give it a number above 0, or “none” for no limit."
    ]
    assert not app.title and not app.exception
    monkeypatch.setenv("VIEWCAST_RUNS", "5")
    assert visitor.app.run().title[0].value == "Data"
