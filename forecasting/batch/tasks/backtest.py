"""How far methods would have been off on the held-out days of each channel, as `python -m forecasting backtest`."""

from collections.abc import Sequence

from forecasting.batch.settings import Batch
from forecasting.batch.tasks import Answer, Row
from forecasting.batch.tasks.channels import one_by_one, split_of
from forecasting.forecasts.judged_methods import JudgedMethods, judge_methods
from forecasting.messages import BadInput
from forecasting.series import Channel

COLUMNS = ("mae", "skill", "mase", "rmsse", "bias", "coverage", "width")


def backtest(batch: Batch, channels: Sequence[Channel]) -> list[Answer]:
    """A row for each method and horizon; a method without an answer has one with its reason."""
    return one_by_one(channels, lambda channel: _of_channel(batch, channel))


def _of_channel(batch: Batch, channel: Channel) -> list[Row]:
    found = judge_methods(
        channel.series,
        batch.methods,
        held_out=split_of(batch, channel).held_out,
        horizon=batch.horizon,
        level=batch.level,
        levels=(),
        origins=batch.origins,
        refit_days=batch.refit_days,
        budget=batch.seconds,
    )
    return [row for name in dict.fromkeys(batch.methods) for row in _of_method(name, found)]


def _of_method(name: str, found: JudgedMethods) -> list[Row]:
    if name in found.reasons:
        return [{"method": name, "reason": BadInput("{why}", why=found.reasons[name])}]
    rows = found.tables[name][list(COLUMNS)]
    return [{"method": name, "horizon": int(ahead), **row.to_dict()} for ahead, row in rows.iterrows()]
