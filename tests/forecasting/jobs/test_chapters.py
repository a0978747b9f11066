"""How far an owner has come is kept in the store."""

import pytest

from forecasting.jobs.chapters import ChapterStore
from forecasting.jobs.database import open_engine

pytestmark = pytest.mark.both_databases


def test_what_was_tried_stays_tried_for_its_owner(store, store_url):
    mine = ChapterStore(store.engine)
    mine.note("me", "three_steps", tried=False)
    assert mine.tried("me") == {"three_steps": False}
    mine.note("me", "three_steps", tried=True)
    mine.note("me", "three_steps", tried=False)
    again = open_engine(store_url)
    assert ChapterStore(again).tried("me") == {"three_steps": True}
    again.dispose()
    assert mine.tried("you") == {}
