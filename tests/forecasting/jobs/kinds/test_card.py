"""A group of the report card as a worker judges it."""

from forecasting.jobs.kinds.card import card
from forecasting.jobs.requests import CardRequest
from forecasting.json_records import from_json, to_json
from forecasting.lectures.card import GroupClaims, judge_group
from forecasting.lectures.card_groups import GROUPS
from forecasting.series import Channel, Series
from tests.support.tasks import task


def test_claims_are_reported_one_by_one_and_survive_the_store(views, split):
    request = CardRequest("data", split, GROUPS["data"].version)
    reports = list(card(task(Channel("mine", views), request)))
    assert [len(report.result.claims) for report in reports] == list(range(1, len(reports) + 1))
    assert reports[-1].share == 1.0
    kept = from_json(GroupClaims, to_json(reports[-1].result))
    assert to_json(kept) == to_json(GroupClaims(tuple(judge_group(Series(views), split, "data"))))
