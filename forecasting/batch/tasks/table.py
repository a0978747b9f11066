"""The lecture's table of models, trained on each channel; small models of many channels are trained together."""

from collections.abc import Sequence

from forecasting.batch.settings import Batch
from forecasting.batch.tasks import Answer, Row
from forecasting.batch.tasks.channels import answer_or_reason, split_of
from forecasting.lectures.model_table import Outcome, best_on, clearly_less
from forecasting.lectures.table_training import TableWork, table_work, train_tables
from forecasting.messages import BadInput
from forecasting.series import Channel


def table(batch: Batch, channels: Sequence[Channel]) -> list[Answer]:
    """A row for each model, losses in views: `best` has the least held-out loss, others are clearly worse or not."""
    work = [answer_or_reason(_work, batch, channel) for channel in channels]
    outcomes = iter(train_tables([one for one in work if not isinstance(one, BadInput)]))
    return [one if isinstance(one, BadInput) else _rows(next(outcomes)) for one in work]


def _work(batch: Batch, channel: Channel) -> TableWork:
    split = split_of(batch, channel)
    return table_work(channel.series, split, models=batch.models, epochs=batch.epochs, seeds=batch.seeds)


def _rows(outcomes: Sequence[Outcome]) -> list[Row]:
    best = best_on(outcomes, "held_out")
    return [
        {
            "model": one.row.name,
            "train": one.train,
            "train_spread": one.train_spread,
            "held_out": one.held_out,
            "held_out_spread": one.held_out_spread,
            "best": one is best,
            "clearly_worse": one is not best and clearly_less(best, one, "held_out"),
        }
        for one in outcomes
    ]
