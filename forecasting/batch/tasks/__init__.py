"""What a batch can do with each channel, in one table: where the code is, its columns, and how long it takes.

A task is a function `(batch, channels) -> answers`, an answer a channel: its rows, a dict of columns each, or a
BadInput that says why there are none. It takes a share of the channels at once, so that small models may be stacked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

from forecasting.messages import BadInput

Row = dict[str, Any]
Answer = list[Row] | BadInput
SHARE_SECONDS = 4.0  # that a share of the channels takes: less is spent on sending it, more is lost with a worker
MOST = 64  # channels in a share
SECONDS = {"auto": 20.0, "trees": 2.0, "ets": 0.8, "linear": 0.4}  # of a forecast of some years of days
USUAL_SECONDS = 0.06


@dataclass(frozen=True)
class Task:
    """One thing that can be done with every channel."""

    source: str  # "module:function", loaded in the worker alone
    columns: Mapping[str, str]  # its own, with Arrow's names of their types; the first is in every row of an answer
    settings: tuple[str, ...]  # fields of Batch that make a difference
    together: int = 0  # channels in a share; as many as a forecast by its methods takes SHARE_SECONDS for where it is 0

    def load(self) -> Any:
        """What `source` names."""
        return resolve_name(self.source)

    def share(self, methods: Sequence[str]) -> int:
        """Channels that a worker is given at once."""
        seconds = sum(SECONDS.get(name, USUAL_SECONDS) for name in methods)
        return self.together or min(max(round(SHARE_SECONDS / seconds), 1), MOST)


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
        ("methods", "horizon", "level", "seconds"),
    ),
    "backtest": Task(
        "forecasting.batch.tasks.backtest:backtest",
        {"method": "string", "horizon": "int64"}
        | dict.fromkeys(("mae", "skill", "mase", "rmsse", "bias", "coverage", "width"), "float64"),
        ("methods", "horizon", "level", "seconds", "split", "origins", "refit_days"),
        together=1,
    ),
    "table": Task(
        "forecasting.batch.tasks.table:table",
        {"model": "string"}
        | dict.fromkeys(("train", "train_spread", "held_out", "held_out_spread"), "float64")
        | {"best": "bool", "clearly_worse": "bool"},
        ("split", "epochs", "seeds"),
        together=8,
    ),
    "report": Task(
        "forecasting.batch.tasks.report:report",
        dict.fromkeys(("group", "claim", "answer", "lecture", "here"), "string")
        | dict.fromkeys(("effect", "low", "high"), "float64")
        | dict.fromkeys(("unit", "found", "chapter"), "string"),
        ("split", "group_versions"),
        together=1,
    ),
}
