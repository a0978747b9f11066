"""A diagnosis as it is shown: plain records that a page reads without loading what a diagnosis is made with."""

from dataclasses import dataclass

import pandas as pd

from forecasting.diagnosis.branches import Branch
from forecasting.messages import Message
from forecasting.settings import RunSettings

CONFIDENT = 0.9  # from here on a verdict may be said without a reservation


@dataclass(frozen=True)
class LargeError:
    """A held-out day with one of the largest errors."""

    day: pd.Timestamp
    actual: float
    predicted: float  # mean over seeds


@dataclass(frozen=True)
class ComparedLosses:
    """Losses of a run and of what stands beside it, in views."""

    train: float
    held_out: float
    shallower_train: float | None  # the smallest of a shallower net, or of a line, on the same windows; None without
    careful_train: float | None  # of the same model, trained with care; None where it is not trained by steps
    reference_model: str  # marked for translation: the best reference model in validation
    reference_train: float
    reference_held_out: float


@dataclass(frozen=True)
class Diagnosis:
    """A branch of the tree. `confidence` is from 0 to 1; None where nothing can be told."""

    branch: Branch
    confidence: float | None
    also_likely: tuple[Branch, ...]  # further faults, each more likely than not
    evidence: tuple[Message, ...]
    next_run: RunSettings | None  # what to try
    # Of every branch but "cannot tell". They sum to 1, or to less where that of the branch is held back as `confidence`
    # is; none where the days are too few for any.
    probabilities: dict[Branch, float]

    @property
    def confident(self) -> bool:
        """Whether the verdict may be said without a reservation."""
        return self.confidence is not None and self.confidence >= CONFIDENT


@dataclass(frozen=True)
class BetterReference:
    """A reference model that errs less than the run: beyond chance in validation, and on the held-out days too."""

    name: str  # marked for translation
    settings: RunSettings
    held_out: float  # in views, as the run's
    run_held_out: float
    less: float  # share of the run's validation error that is gone


@dataclass(frozen=True)
class DiagnosisReport:
    """What is known so far: evidence, and at the end the diagnosis with what can be looked at beside it."""

    evidence: tuple[Message, ...]
    diagnosis: Diagnosis | None = None
    single_seed: bool = False  # another seed would give another model, and there is none
    largest: tuple[LargeError, ...] = ()
    losses: ComparedLosses | None = None
    better: BetterReference | None = None
