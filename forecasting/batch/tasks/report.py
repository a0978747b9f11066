"""The report card of each channel: what the lectures claim, each claim judged, as `python -m forecasting report`."""

from collections.abc import Sequence

from forecasting.batch.settings import Batch
from forecasting.batch.tasks import Answer, Row
from forecasting.batch.tasks.channels import one_by_one, split_of
from forecasting.lectures.card import judge_group, row_of
from forecasting.lectures.card_groups import GROUPS
from forecasting.messages import english
from forecasting.metric_names import in_metric
from forecasting.series import Channel


def report(batch: Batch, channels: Sequence[Channel]) -> list[Answer]:
    """A row for each claim."""
    return one_by_one(channels, lambda channel: _of_channel(batch, channel))


def _of_channel(batch: Batch, channel: Channel) -> list[Row]:
    split, words = split_of(batch, channel), in_metric(english, channel.metric)
    return [
        row_of(slug, claim, words).plain()
        for slug in GROUPS
        if slug in batch.groups
        for claim in judge_group(channel.series, split, slug)
    ]
