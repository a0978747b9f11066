"""Cross-validation as a worker does it."""

import numpy as np
import pytest

from forecasting.evaluation.cross_validation import Ranking
from forecasting.evaluation.fold_training import rank
from forecasting.evaluation.wording import winner
from forecasting.jobs.kinds.cross_validation import cross_validation
from forecasting.jobs.requests import CrossValidationRequest
from forecasting.json_records import from_json, to_json
from forecasting.series import Channel
from forecasting.settings import Architecture, RunSettings, Training
from tests.support.tasks import task


def test_job_reports_what_the_ranking_says(views, split):
    channel = Channel("mine", views)
    models = tuple(RunSettings(split, Architecture("linear", days), Training("mse", "exact")) for days in (1, 7))
    reports = list(cross_validation(task(channel, CrossValidationRequest(models, "blocked", 2))))
    first, last = (from_json(Ranking, to_json(report.result)) for report in (reports[0], reports[-1]))
    assert not first.judged and np.isnan(first.validation[1, 1])
    *_before, (_share, known) = rank(channel.series, models, "blocked", folds=2)
    assert last.validation == pytest.approx(known.validation, abs=0.006)
    assert last.closest == known.closest
    assert winner(last, ["a day", "a week"]).translated() == winner(known, ["a day", "a week"]).translated()


def test_job_ranks_on_the_folds_that_its_borders_make(views, split):
    channel, border = Channel("mine", views), views.index[100].date()
    models = tuple(RunSettings(split, Architecture("linear", days), Training("mse", "exact")) for days in (1, 7))
    *_before, last = cross_validation(task(channel, CrossValidationRequest(models, "blocked", 2, (border,))))
    *_before, (_share, known) = rank(channel.series, models, "blocked", folds=2, borders=(border,))
    *_before, (_share, usual) = rank(channel.series, models, "blocked", folds=2)
    assert last.result.validation == pytest.approx(known.validation, abs=0.006)
    assert last.result.validation != pytest.approx(usual.validation, abs=0.006)


def test_what_diverged_is_stored_as_no_number():
    known = Ranking(np.array([[1.234, np.inf]]), np.array([np.inf]), np.array([2.0, 3.0]), 2.5)
    again = from_json(Ranking, to_json(known.rounded()))
    assert np.array_equal(again.validation, [[1.23, np.nan]], equal_nan=True)
    assert np.isnan(again.held_out).all() and not again.judged
