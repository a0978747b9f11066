"""The choice by a public score as a worker makes it."""

from forecasting.jobs.kinds.public_score import public_score
from forecasting.jobs.requests import PublicScoreRequest
from forecasting.lectures.public_score import play_on
from forecasting.series import Channel
from tests.support.tasks import task


def test_job_plays_the_same_game(views, split):
    channel = Channel("mine", views)
    reports = list(public_score(task(channel, PublicScoreRequest(split, 5000, 0.3))))
    *_before, (_done, game) = play_on(channel.series, split, 5000, public=0.3)
    assert reports[-1].result == game
    assert reports[-1].share == 1.0
