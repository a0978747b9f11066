"""The job of chapter 10 as a generator."""

import pytest

from forecasting.jobs.kinds.batch_size import batch_size
from forecasting.jobs.requests import BatchSizeRequest
from forecasting.json_records import from_json, to_json
from forecasting.lectures.batch_size import BatchSizes
from forecasting.messages import BadInput
from forecasting.series import Channel
from forecasting.split import default_split
from tests.forecasting.conftest import make_views
from tests.support.tasks import task


def test_parts_grow_and_survive_the_store():
    channel = Channel("mine", make_views(120))
    reports = list(batch_size(task(channel, BatchSizeRequest(default_split(channel.views), 2))))
    shares = [report.share for report in reports]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert [len(report.result.runs) for report in reports[:3]] == [0, 1, 2]
    known = from_json(BatchSizes, to_json(reports[-1].result))
    assert known.whole
    assert [run.batch for run in known.runs] == [time.batch for time in known.times] == [1, 4, 16, known.windows]


def test_a_channel_of_equal_days_ends_with_a_sentence():
    channel = Channel("mine", make_views(120) * 0 + 5)
    with pytest.raises(BadInput, match="nothing to learn"):
        list(batch_size(task(channel, BatchSizeRequest(default_split(channel.views), 2))))
