"""One channel after the other, and why there is no answer where one has none."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from forecasting.batch.settings import Batch
from forecasting.batch.tasks import Answer, Row
from forecasting.messages import BadInput
from forecasting.series import Channel, Series
from forecasting.split import Split, clipped, default_split

Found = TypeVar("Found")
LOG = logging.getLogger(__name__)
UNFORESEEN = "This channel is out of the ordinary and has no answer ({error})."


def one_by_one(channels: Sequence[Channel], work: Callable[[Channel], list[Row]]) -> list[Answer]:
    """What `work` makes of each channel. None of them ends the others' work, whatever is in it."""
    return [answer_or_reason(work, channel) for channel in channels]


def answer_or_reason(work: Callable[..., Found], *arguments: object) -> Found | BadInput:
    """What `work` answers, or why it cannot. What nobody foresaw is logged."""
    try:
        return work(*arguments)
    except BadInput as problem:
        return problem
    except Exception as error:
        LOG.exception("a channel of a batch has no answer")
        return BadInput(UNFORESEEN, error=f"{type(error).__name__}: {error}")


def of_each_method(
    batch: Batch, channels: Sequence[Channel], work: Callable[[Batch, Series, str], list[Row]]
) -> list[Answer]:
    """What each method of the batch makes of each channel; a method without an answer is a row with its reason."""

    def of_channel(channel: Channel) -> list[Row]:
        rows: list[Row] = []
        for method in batch.methods:
            answer = answer_or_reason(work, batch, channel.series, method)
            if isinstance(answer, BadInput) and len(batch.methods) == 1:
                raise answer
            rows += [{"method": method, "reason": answer}] if isinstance(answer, BadInput) else answer
        return rows

    return one_by_one(channels, of_channel)


def split_of(batch: Batch, channel: Channel) -> Split:
    """The batch's, as far as the channel has its days, or the channel's own. Raises BadInput where it has none."""
    return clipped(batch.split, channel.views) if batch.split else default_split(channel.views)
