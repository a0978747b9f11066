"""What a batch can do with each channel, in one table: where the code is, its columns, and how long it takes.

A task is a function `(batch, channels) -> answers`, an answer a channel: its rows, a dict of columns each, or a
BadInput that says why there are none. It takes a share of the channels at once, so that small models may be stacked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from forecasting.lectures.card_groups import GROUPS
from forecasting.lectures.model_table import EPOCHS, ROWS, SEEDS
from forecasting.messages import BadInput
from forecasting.series import Channel

if TYPE_CHECKING:
    from forecasting.batch.settings import Batch

Row = dict[str, Any]
Answer = list[Row] | BadInput
SHARE_SECONDS = 4.0  # that a share of the channels takes: less is spent on sending it, more is lost with a worker
MOST = 256  # channels in a share
# Of one core, a channel of some years of days.
FORECAST_SECONDS = {"auto": 20.0, "trees": 2.0, "pooled-trees": 2.0, "ets": 0.8, "linear": 0.1}
BASELINE_SECONDS = 0.08  # of a forecast by any other method
JUDGING_SECONDS = 0.6  # of a method's forecasts from every held-out day
# Of a model of the lecture's table, trained as there with others: of the smallest, and of each further parameter.
MODEL_SECONDS, PARAMETER_SECONDS = 0.1, 1e-4


def _of_forecasts(batch: "Batch") -> float:
    return sum(FORECAST_SECONDS.get(name, BASELINE_SECONDS) for name in batch.methods)


def _of_backtests(batch: "Batch") -> float:
    return _of_forecasts(batch) + JUDGING_SECONDS * len(batch.methods)


def _of_models(batch: "Batch") -> float:
    parameters = [row.architecture.parameters for row in ROWS if row.name in batch.models]
    seconds = MODEL_SECONDS * len(parameters) + PARAMETER_SECONDS * sum(parameters)
    return seconds * batch.epochs / EPOCHS * batch.seeds / SEEDS


def _of_claims(batch: "Batch") -> float:
    return sum(GROUPS[slug].seconds for slug in batch.groups)


@dataclass(frozen=True)
class Task:
    """One thing that can be done with every channel."""

    source: str  # "module:function", loaded in the worker alone
    columns: Mapping[str, str]  # its own, with Arrow's names of their types
    settings: tuple[str, ...]  # fields of Batch that make a difference
    seconds: Callable[["Batch"], float]  # of a channel, about

    def load(self) -> Callable[["Batch", Sequence[Channel]], list[Answer]]:
        """What `source` names."""
        return resolve_name(self.source)

    def share(self, batch: "Batch") -> int:
        """Channels that a worker is given at once."""
        return min(max(round(SHARE_SECONDS / self.seconds(batch)), 1), MOST)


TASKS = {
    "forecast": Task(
        "forecasting.batch.tasks.forecast:forecast",
        {
            "method": "string",
            "date": "date32",
            "forecast": "float64",
            "lower": "float64",
            "upper": "float64",
            "total": "float64",
            "total_lower": "float64",
            "total_upper": "float64",
            "before": "float64",
            "skill": "float64",
        },
        ("methods", "horizon", "level", "seconds", "country"),
        _of_forecasts,
    ),
    "backtest": Task(
        "forecasting.batch.tasks.backtest:backtest",
        {"method": "string", "horizon": "int64"}
        | dict.fromkeys(("mae", "skill", "mase", "rmsse", "bias", "coverage", "width"), "float64"),
        ("methods", "horizon", "level", "seconds", "split", "origins", "refit_days"),
        _of_backtests,
    ),
    "table": Task(
        "forecasting.batch.tasks.table:table",
        {"model": "string"}
        | dict.fromkeys(("train", "train_spread", "held_out", "held_out_spread"), "float64")
        | {"best": "bool", "clearly_worse": "bool"},
        ("split", "models", "epochs", "seeds"),
        _of_models,
    ),
    "report": Task(
        "forecasting.batch.tasks.report:report",
        dict.fromkeys(("group", "claim", "answer", "lecture", "here"), "string")
        | dict.fromkeys(("effect", "low", "high"), "float64")
        | dict.fromkeys(("unit", "found", "chapter"), "string"),
        ("split", "group_versions"),
        _of_claims,
    ),
}
