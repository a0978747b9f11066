"""The run store: what was trained, on which views, with every epoch's row and checkpoints.

Workers write it, pages read it. SQLite by default, any database by SQLAlchemy URL.
"""

from forecasting.runs.queue import SILENCE, RunQueue
from forecasting.runs.records import NOTHING_YET, History, Run, Source
from forecasting.runs.store import RunStore

__all__ = ["NOTHING_YET", "SILENCE", "History", "Run", "RunQueue", "RunStore", "Source"]
