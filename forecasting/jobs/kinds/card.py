"""A group of the report card: what the lectures claim, judged on the channel."""

from collections.abc import Iterator

from forecasting.jobs.kinds import Task
from forecasting.jobs.requests import CardRequest
from forecasting.lectures.card import GroupClaims, judge_group
from forecasting.lectures.card_groups import GROUPS
from forecasting.records import Progress


def card(task: Task[CardRequest]) -> Iterator[Progress]:
    """Reports of GroupClaims, after each claim."""
    request, known = task.request, GroupClaims()
    for claim in judge_group(task.channel.series, request.split, request.group):
        known = GroupClaims((*known.claims, claim))
        yield Progress(len(known.claims) / len(GROUPS[request.group].statements), known)
