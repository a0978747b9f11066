"""What is wrong with my model? (Lee 2021, video 3): models with a known fault, and a reader's answer compared with the
diagnosis. The tree itself is in forecasting/diagnosis.
"""

from dataclasses import replace
from typing import Literal

import numpy as np

from forecasting.diagnosis.branches import BRANCH_NAMES, Branch
from forecasting.diagnosis.report import Diagnosis
from forecasting.formats import format_probability
from forecasting.lectures.claims import Answer, Claim
from forecasting.messages import N_, Message
from forecasting.settings import Architecture, Regularisation, RunSettings, Training
from forecasting.split import Split

Case = Literal["small", "slow", "few"]
SLOW = 1e-5  # a learning rate at which so few epochs lead nowhere
FEW_DAYS = 120  # of training, two weeks more than the fewest with windows of 56 days
YOUR_ANSWER = N_("Your answer")


def case_settings(split: Split) -> dict[Case, RunSettings]:
    """A model too small for the channel, one whose training is too slow, and one that has too few days."""
    return {
        "small": RunSettings(split, Architecture("linear", 1), Training(optimizer="exact")),
        "slow": RunSettings(split, Architecture("relu", 28, 1, 64), Training(learning_rate=SLOW, epochs=20)),
        "few": RunSettings(
            split,
            Architecture("relu", 56, 1, 256),
            Training(learning_rate=0.003, batch_size=16, epochs=200),
            regularisation=Regularisation(train_days=FEW_DAYS),
        ),
    }


def shallower(settings: RunSettings) -> RunSettings | None:
    """A line on the same windows, solved exactly: what the lecture trains first. None for a model without layers."""
    net = settings.architecture
    if not net.hidden:
        return None
    line = Architecture("linear", net.window, horizon=net.horizon)
    return replace(settings, architecture=line, training=Training(settings.training.loss, "exact"))


def judge_answer(expected: Branch, diagnosis: Diagnosis) -> Claim:
    """Whether the expected branch is the diagnosis's, or one of the further faults that it finds likely."""
    facts: dict[str, object] = {"expected": Message(BRANCH_NAMES[expected])}
    if not diagnosis.probabilities and diagnosis.branch == "cannot tell":
        sentence = diagnosis.evidence[0] if diagnosis.evidence else Message(N_("There are too few days for a verdict."))
        return _claim("cannot tell", np.nan, sentence)
    if diagnosis.confidence is None:
        likeliest = max(diagnosis.probabilities, key=diagnosis.probabilities.__getitem__)
        confidence = diagnosis.probabilities[likeliest]
        text = N_("You said “{expected}”. The likeliest is “{branch}”, with {confidence}: too little for a verdict.")
        return _claim("cannot tell", confidence, Message(text, facts | _found(likeliest, confidence)))
    text = N_("You said “{expected}”; the diagnosis is “{branch}”, {confidence} confidence.")
    right = expected in (diagnosis.branch, *diagnosis.also_likely)
    sentence = Message(text, facts | _found(diagnosis.branch, diagnosis.confidence))
    return _claim("holds" if right else "does not hold here", diagnosis.confidence, sentence)


def _found(branch: str, confidence: float) -> dict[str, object]:
    return {"branch": Message(BRANCH_NAMES[branch]), "confidence": format_probability(confidence)}


def _claim(answer: Answer, confidence: float, sentence: Message) -> Claim:
    return Claim(YOUR_ANSWER, answer, confidence, np.nan, np.nan, "", sentence)
