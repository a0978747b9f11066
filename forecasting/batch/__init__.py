"""Many channels, one task: files in, one table out; what was done before is not done again.

from forecasting import batch

channels = batch.read("folder")
frame = batch.run(channels, task="forecast", method="auto", horizon=28, workers=2, out="forecasts.parquet")
"""

from forecasting.batch.client import run, write
from forecasting.batch.places import read
from forecasting.batch.results import Counts
from forecasting.batch.settings import Batch
from forecasting.batch.tasks import TASKS

__all__ = ["TASKS", "Batch", "Counts", "read", "run", "write"]
