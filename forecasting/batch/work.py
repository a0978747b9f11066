"""What a worker does with a share of the channels: read each, work on all, and give back the rows."""

from collections.abc import Sequence

import pyarrow as pa

from forecasting.batch.results import LOST, schema_of
from forecasting.batch.settings import Batch
from forecasting.batch.sources import Loaded
from forecasting.batch.tasks import Answer, Row
from forecasting.batch.tasks.channels import answer_or_reason
from forecasting.messages import BadInput, Translate, english
from forecasting.metric_names import in_metric
from forecasting.reading import ChannelRows, Question
from forecasting.series import Channel

NO_CHANNEL = "The file holds no channel."


def work_on(batch: Batch, share: Sequence[Loaded]) -> pa.Table:
    """The rows of a share, in its order. What cannot be read, or has no answer, is one row with its reason."""
    found = [(source, part) for source in share for part in _parts(source)]
    read = [answer_or_reason(part.read) if isinstance(part, ChannelRows) else part for _source, part in found]
    channels = [one for one in read if isinstance(one, Channel)]
    answers = iter(batch.work.load()(batch, channels) if channels else ())
    rows: list[Row] = []
    for (source, part), one in zip(found, read, strict=True):
        about = {"channel": getattr(part, "name", source.name)} | _about(batch, source)
        rows += [about | row for row in (_rows(one, next(answers)) if isinstance(one, Channel) else [_refusal(one)])]
    return pa.Table.from_pylist(rows, schema_of(batch))


def lost(batch: Batch, source: Loaded) -> pa.Table:
    """In place of the rows of a source whose worker ended again and again."""
    row = {"channel": source.name, "reason": LOST} | _about(batch, source)
    return pa.Table.from_pylist([row], schema_of(batch))


def _about(batch: Batch, source: Loaded) -> Row:
    return {"file": source.file, "identity": batch.identity(source.digest)}


def _parts(source: Loaded) -> Sequence[ChannelRows | Channel | BadInput]:
    """Its channels, or why there are none."""
    found = answer_or_reason(source.parts)
    return [found] if isinstance(found, BadInput) else found or [BadInput(NO_CHANNEL)]


def _rows(channel: Channel, answer: Answer) -> list[Row]:
    """The rows of a channel, its reasons in words of what it counts."""
    rows = [{"reason": answer}] if isinstance(answer, BadInput) else answer
    words = in_metric(english, channel.metric)
    about = {"metric": channel.metric, "corrections": len(channel.corrections)}
    return [_in_words(row, words) | about for row in rows]


def _refusal(problem: BadInput) -> Row:
    """A question with its answers: whoever reads the table may give one to all."""
    said = problem.message.translated()
    if isinstance(problem, Question):
        said = f"{said} ({problem.asks}: {', '.join(value for value, _label in problem.options)})"
    return {"reason": said}


def _in_words(row: Row, words: Translate) -> Row:
    reason = row.get("reason")
    return row | {"reason": reason.message.translated(words)} if isinstance(reason, BadInput) else row
