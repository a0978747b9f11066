"""Training and longer questions in worker processes."""

from forecasting.jobs.pool import Jobs
from forecasting.jobs.training import diverged, train_run

__all__ = ["Jobs", "diverged", "train_run"]
