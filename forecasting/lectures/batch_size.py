"""Batch size (Lee 2021, video 5; Keskar et al. 2017): how long an update takes, and where small and large batches end.

A small net on the channel, trained by Adam on squared errors with batches of several sizes, each from the same starts.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecasting.formats import ThreeDigits, Views, format_three_digits
from forecasting.lectures.claims import Claim, Judgement, claim, judge_fact, judge_ratios, judge_seeds
from forecasting.messages import N_, BadInput, Message
from forecasting.series import Series
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Split
from forecasting.windows import make_windows

Equal = Literal["epochs", "updates"]
EQUALS: tuple[Equal, ...] = ("epochs", "updates")

ALL = 0  # windows in every update
SIZES = (1, 4, 16, 64, 256, ALL)
SMALL, LARGE = 16, ALL  # what the claims compare
NET = Architecture("relu", 7, 1, 12)  # 109 unknowns
RATE = 0.003
EPOCHS = 20
SEEDS = 10
UPDATES = 440  # as many as batches of 64 make in so many epochs of four years
POINTS = 40  # at which a run is looked at
LAST = 30  # updates at the end of which each is looked at, for jitter
SPREAD = 0.3  # by which repeated timings may differ
TINY = 1e-9  # views
FLAT = 1.5  # times the time of a batch of one that counts as equal
FLAT_SIZE = 64
SHARPER = 0.1  # a difference of curvatures that is of any use, as a share
FEWEST = 4  # times the small batch that all windows must be
TIME = N_("A batch of 64 takes as long as one of 1")
EPOCHS_WORSE = N_("After equal epochs the large batch trains worse")
UPDATES_WORSE = N_("After equal updates the large batch trains worse")
FLATTER_EPOCHS = N_("After equal epochs the small batch lies flatter")
FLATTER_LOSS = N_("At equal training loss the small batch lies flatter")
VIEWS, TIMES = N_("views"), N_("times as sharp")


@dataclass(frozen=True)
class UpdateTime:
    """Seconds of an update (rounds,), each the lower quartile of many."""

    batch: int
    seconds: np.ndarray

    @property
    def best(self) -> float:
        """The fastest round: all else is what the machine did beside."""
        return float(self.seconds.min())

    @property
    def steady(self) -> bool:
        """Whether the rounds agree."""
        return bool(np.median(self.seconds) <= (1 + SPREAD) * self.best)


@dataclass(frozen=True)
class BatchRun:
    """Losses (points, seeds) after some updates (points,): root of the MSE in views, over all windows."""

    batch: int
    updates: np.ndarray
    train: np.ndarray
    held_out: np.ndarray

    def per_epoch(self, windows: int) -> int:
        """Updates that an epoch makes."""
        return -(-windows // self.batch)

    def updates_of_epochs(self, windows: int) -> int:
        """Updates of the epochs after which sizes are compared."""
        return EPOCHS * self.per_epoch(windows)

    def place(self, update: int) -> int:
        """Where an update stands among those looked at."""
        return int(np.flatnonzero(self.updates == update)[0])

    @property
    def jitter(self) -> np.ndarray:
        """How much the train loss changes from update to update at the end, (seeds,), as a share of it."""
        last = self.train[-LAST:]
        return np.abs(np.diff(last, axis=0)).mean(axis=0) / np.maximum(last.mean(axis=0), TINY)


@dataclass(frozen=True)
class Sharpness:
    """The highest curvature of the MSE (seeds,) after equal epochs, and where the train loss first is at most `loss`.

    `loss` (seeds,) is the lowest that both sizes which the claims compare come to. Where another size does not come so
    far, its curvature is that of its lowest loss, and `reached` (seeds,) is False.
    """

    batch: int
    equal_epochs: np.ndarray
    equal_loss: np.ndarray
    loss: np.ndarray
    reached: np.ndarray


@dataclass(frozen=True)
class BatchSizes:
    """What is known so far; runs and sharpness grow in the order of the sizes."""

    windows: int
    sizes: int  # that are trained
    times: tuple[UpdateTime, ...]
    runs: tuple[BatchRun, ...]
    sharpness: tuple[Sharpness, ...]

    @property
    def whole(self) -> bool:
        """Whether all is known."""
        return len(self.sharpness) == self.sizes

    def losses(self, batch: int, equal: Equal) -> np.ndarray:
        """Train losses (seeds,) of a batch size after equal epochs or updates."""
        run = self.run(batch)
        return run.train[run.place(UPDATES if equal == "updates" else run.updates_of_epochs(self.windows))]

    def run(self, batch: int) -> BatchRun:
        """The run of a size; 0 is all."""
        return next(run for run in self.runs if run.batch == (batch or self.windows))


@dataclass(frozen=True)
class Points:
    """The epochs of a run, and the updates after which it is looked at."""

    epochs: int
    updates: list[int]


def training_windows(series: Series, split: Split) -> int:
    """How many windows there are to train on. Raises BadInput where there are less than two, or all are the same."""
    windows = make_windows(series, split.train, NET.window)
    if len(windows) < 2:
        text = N_("There are {days} training days; this experiment needs {needed}.")
        raise BadInput(text, days=len(windows), needed=2)
    if not windows.targets.std():
        raise BadInput(N_("All days have the same views: there is nothing to learn."))
    return len(windows)


def sizes_for(windows: int) -> tuple[int, ...]:
    """The sizes that are smaller than all, and all."""
    return tuple(size for size in SIZES if size < windows)


def points_of(windows: int, size: int) -> Points:
    """A run goes on for equal epochs and for several times the equal updates, whichever is longer."""
    per_epoch = -(-windows // (size or windows))
    times = 4 if size else 2  # updates on all windows are the slowest, and come farthest
    epochs = max(EPOCHS, -(-times * UPDATES // per_epoch))
    last = epochs * per_epoch
    spread = np.geomspace(1, last, POINTS).round().astype(int).tolist()
    return Points(epochs, sorted({0, *spread, UPDATES, EPOCHS * per_epoch, *range(last - LAST + 1, last + 1)}))


def run_settings(split: Split, size: int, seeds: int, *, epochs: int) -> RunSettings:
    """The run of a batch size."""
    return RunSettings(split, NET, Training("mse", "adam", RATE, size, epochs, seeds))


# Claims


def claims(known: BatchSizes, equal: Equal | None = None) -> list[Claim]:
    """What can be said of what is known; of the comparisons by train loss only the one at `equal`, if it is given."""
    found = [is_flat_in_time(known)] if any(time.batch == 1 for time in known.times) else []
    batches = {run.batch for run in known.runs}
    if not {SMALL, known.windows} <= batches:
        return found
    found += [trains_worse(known, at) for at in EQUALS if equal in (at, None)]
    if known.whole:
        found += [is_flatter(known, "equal_epochs"), is_flatter(known, "equal_loss")]
    return found


def unjudged(lacking: Message) -> list[Claim]:
    """Every claim, where nothing can be said."""
    nothing = Message(N_("Nothing was trained."))
    judged = Judgement("cannot tell", np.nan, lacking=lacking)
    return [
        claim(name, judged, unit="", sentence=nothing)
        for name in (TIME, EPOCHS_WORSE, UPDATES_WORSE, FLATTER_EPOCHS, FLATTER_LOSS)
    ]


def is_flat_in_time(known: BatchSizes) -> Claim:
    """Whether an update of 64 windows takes at most 1.5 times as long as one of one; untold where rounds differ."""
    times = {time.batch: time for time in known.times}
    compared = [times[size] for size in (1, FLAT_SIZE) if size in times]
    sentence = N_("Batch 1 takes {one} ms, batch 64 {some} ms.")
    facts = {"one": milliseconds(times[1].best), "some": "–"}
    if len(compared) < 2:
        judged = Judgement("cannot tell", np.nan, lacking=Message(N_("64 training windows")))
    else:
        facts["some"] = milliseconds(compared[1].best)
        judged = judge_fact(compared[1].best / compared[0].best, FLAT)
        if not all(time.steady for time in compared):
            judged = Judgement("cannot tell", judged.effect, lacking=Message(N_("a calm machine: repeats differ")))
    return claim(TIME, judged, unit="", sentence=Message(sentence, facts))


def flat_up_to(known: BatchSizes) -> int:
    """The largest batch up to which every update takes at most 1.5 times as long as the smallest's."""
    times = sorted(known.times, key=lambda time: time.batch)
    longer = [time.best > FLAT * times[0].best for time in times]
    return times[(longer.index(True) if any(longer) else len(times)) - 1].batch


def milliseconds(seconds: float) -> str:
    """Three digits of them."""
    return format_three_digits(1000 * seconds)


def trains_worse(known: BatchSizes, equal: Equal) -> Claim:
    """Whether training on all windows in every update ends at a larger loss than batches of 16."""
    name = EPOCHS_WORSE if equal == "epochs" else UPDATES_WORSE
    small, large = known.losses(SMALL, equal), known.losses(LARGE, equal)
    sentence = N_("Train RMSE {large} with all, {small} with 16.")
    facts = {"large": Views(float(large.mean())), "small": Views(float(small.mean()))}
    judged = too_few(known.windows) or judge_seeds(small.tolist(), large.tolist())
    return claim(name, judged, unit=VIEWS, sentence=Message(sentence, facts))


def is_flatter(known: BatchSizes, equal: Literal["equal_epochs", "equal_loss"]) -> Claim:
    """Whether the highest curvature where batches of 16 end is smaller than where all windows do, seed by seed."""
    name = FLATTER_EPOCHS if equal == "equal_epochs" else FLATTER_LOSS
    by_batch = {one.batch: getattr(one, equal) for one in known.sharpness}
    small, large = by_batch[SMALL], by_batch[known.windows]
    facts = {"large": ThreeDigits(np.median(large)), "small": ThreeDigits(np.median(small))}
    sentence = N_("Curvature {large} with all, {small} with 16.")
    judged = too_few(known.windows)
    if judged is None and not ((small > 0).all() and (large > 0).all()):
        judged = Judgement("cannot tell", np.nan, lacking=Message(N_("a loss that curves")))
    if judged is None:
        judged = judge_ratios(large, small, margin=SHARPER)
    return claim(name, judged, unit=TIMES, sentence=Message(sentence, facts))


def too_few(windows: int) -> Judgement | None:
    """What a short channel lacks: all windows must be many more than a small batch, for the two to be told apart."""
    needed = FEWEST * SMALL
    if windows >= needed:
        return None
    lacking = Message(N_("{windows} training windows, {needed} needed"), {"windows": windows, "needed": needed})
    return Judgement("cannot tell", np.nan, lacking=lacking)
