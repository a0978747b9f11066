"""Charts as functions from frames to Altair charts. `translate` puts words into a language; views are plain counts."""

from forecasting.charts.card import claims_chart
from forecasting.charts.channel import views_over_time, weekday_means
from forecasting.charts.compared_curves import PERIODS, CurveView, compared_curves, gradient_norms
from forecasting.charts.comparison import final_losses, generalization_gap
from forecasting.charts.curves import ALONG, full_curve
from forecasting.charts.diagnosis import decision_tree
from forecasting.charts.errors import errors_chart, largest_group
from forecasting.charts.forecast import (
    WITHOUT_EVENTS,
    WITHOUT_HOLIDAYS,
    first_shown,
    forecast_chart,
    reveal_chart,
    trials_chart,
)
from forecasting.charts.goals import running_total_chart, running_total_frame, year_chart
from forecasting.charts.marks import HEIGHT, POINTS, RUN_COLOURS
from forecasting.charts.model_selection import fold_losses, fold_rows
from forecasting.charts.past_forecasts import past_chart
from forecasting.charts.periods import DAYS_NEEDED, STEPS, Step
from forecasting.charts.training import loss_frame, loss_spec, real_and_predicted, thin

__all__ = [
    "WITHOUT_EVENTS",
    "WITHOUT_HOLIDAYS",
    "ALONG",
    "DAYS_NEEDED",
    "HEIGHT",
    "PERIODS",
    "CurveView",
    "POINTS",
    "RUN_COLOURS",
    "STEPS",
    "Step",
    "claims_chart",
    "compared_curves",
    "decision_tree",
    "errors_chart",
    "largest_group",
    "final_losses",
    "first_shown",
    "forecast_chart",
    "full_curve",
    "generalization_gap",
    "gradient_norms",
    "trials_chart",
    "fold_losses",
    "fold_rows",
    "loss_frame",
    "loss_spec",
    "past_chart",
    "real_and_predicted",
    "reveal_chart",
    "running_total_chart",
    "running_total_frame",
    "thin",
    "views_over_time",
    "weekday_means",
    "year_chart",
]
