"""The run store: what was trained and asked, on which views, with every epoch's row and checkpoints.

Workers write it, pages read it. SQLite by default, any database by SQLAlchemy URL.
"""

from forecasting.records import NOTHING_YET, Finding, History, Run, Source, Study
from forecasting.runs.line import SILENCE, Line
from forecasting.runs.queue import RunQueue
from forecasting.runs.store import RunStore
from forecasting.runs.studies import StudyQueue, StudyStore

__all__ = [
    "NOTHING_YET",
    "SILENCE",
    "Finding",
    "History",
    "Line",
    "Run",
    "RunQueue",
    "RunStore",
    "Source",
    "Study",
    "StudyQueue",
    "StudyStore",
]
