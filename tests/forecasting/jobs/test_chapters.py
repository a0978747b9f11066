"""How far an owner has come is kept in the store."""

from forecasting.jobs.chapters import ChapterStore
from forecasting.jobs.database import open_engine


def test_what_was_tried_stays_tried_for_its_owner(tmp_path):
    url = f"sqlite:///{(tmp_path / 'runs.db').as_posix()}"
    mine = ChapterStore(open_engine(url))
    mine.note("me", "three_steps", tried=False)
    assert mine.tried("me") == {"three_steps": False}
    mine.note("me", "three_steps", tried=True)
    mine.note("me", "three_steps", tried=False)
    assert ChapterStore(open_engine(url)).tried("me") == {"three_steps": True}
    assert mine.tried("you") == {}
