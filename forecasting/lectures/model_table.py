"""The lecture's table of models (Lee 2021, videos 1 and 2), to be run on any channel beside the lecture's figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.evaluation.comparison import FEWEST_DAYS, Seeds, compare, compare_seeds
from forecasting.formats import Views
from forecasting.messages import N_, Message
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Split

SEEDS = 10
BATCH = 64  # windows an update; no source states the lecture's
EPOCHS = 200
CLEAR = 0.99  # of ten rows compared with the best at this level, one in ten tables has one told apart by mistake


@dataclass(frozen=True)
class LectureRow:
    """A model of the lecture's table with the lecture's own MAE in views, on 2017-2020 and on early 2021."""

    name: str  # marked for translation
    architecture: Architecture
    train: float | None
    unseen: float | None  # None where the lecture does not say


ROWS = (
    LectureRow(N_("1 day, linear"), Architecture("linear", 1), 480.0, 580.0),
    LectureRow(N_("7 days, linear"), Architecture("linear", 7), 380.0, 490.0),
    LectureRow(N_("28 days, linear"), Architecture("linear", 28), 330.0, 460.0),
    LectureRow(N_("56 days, linear"), Architecture("linear", 56), 320.0, 460.0),
    LectureRow(N_("10 ReLU"), Architecture("relu", 56, 1, 10), 320.0, 450.0),
    LectureRow(N_("100 ReLU"), Architecture("relu", 56, 1, 100), 280.0, 430.0),
    LectureRow(N_("1000 ReLU"), Architecture("relu", 56, 1, 1000), 270.0, 430.0),
    LectureRow(N_("2 layers of 100 ReLU"), Architecture("relu", 56, 2, 100), 180.0, 390.0),
    LectureRow(N_("3 layers of 100 ReLU"), Architecture("relu", 56, 3, 100), 140.0, 380.0),
    LectureRow(N_("4 layers of 100 ReLU"), Architecture("relu", 56, 4, 100), 100.0, 440.0),
    LectureRow(N_("5 layers of 100 ReLU"), Architecture("relu", 56, 5, 100), 340.0, None),
)


def table_settings(split: Split, epochs: int = EPOCHS, seeds: int = SEEDS) -> list[RunSettings]:
    """The runs of all rows, in the order of ROWS."""
    training = table_training(epochs, seeds)
    return [RunSettings(split, row.architecture, training) for row in ROWS]


def table_training(epochs: int = EPOCHS, seeds: int = SEEDS) -> Training:
    """How every row is trained."""
    return Training(loss="mae", batch_size=BATCH, epochs=epochs, seeds=seeds)


@dataclass(frozen=True)
class Outcome:
    """What a row came to on the channel: means and standard deviations over seeds, in views.

    `errors` (seeds, days) are absolute, in views, on the held-out days, which are the same for all rows; None where
    they are not at hand.
    """

    row: LectureRow
    train: float
    train_spread: float
    held_out: float
    held_out_spread: float
    seeds: int
    errors: np.ndarray | None = None

    @classmethod
    def of(
        cls, row: LectureRow, train: np.ndarray, held_out: np.ndarray, *, errors: np.ndarray | None = None
    ) -> "Outcome":
        """From the final losses (seeds,) of a run. A single seed has no spread (NaN)."""
        spreads = [float(np.std(losses, ddof=1)) if len(losses) > 1 else np.nan for losses in (train, held_out)]
        return cls(row, float(np.mean(train)), spreads[0], float(np.mean(held_out)), spreads[1], len(train), errors)

    @classmethod
    def diverged(cls, row: LectureRow) -> "Outcome":
        """Of a row that diverged: never best, and worse than any that did not."""
        return cls(row, np.inf, np.nan, np.inf, np.nan, 0)


def best_on(outcomes: Sequence[Outcome], period: str) -> Outcome:
    """The row of smallest mean loss in `period`, train or held_out; rows that diverged do not count."""
    finite = [outcome for outcome in outcomes if np.isfinite(getattr(outcome, period))] or list(outcomes)
    return min(finite, key=lambda outcome: getattr(outcome, period))


def clearly_less(one: Outcome, other: Outcome, period: str) -> bool:
    """Whether the mean loss of `one` is smaller by more than chance explains; a single seed is never enough.

    On train the chance is that of seeds. Held-out days are themselves a draw of what may come: where their errors are
    at hand, weeks of them drawn anew must agree as well.
    """
    first, second = getattr(one, period), getattr(other, period)
    if not (np.isfinite(first) and np.isfinite(second)):
        return bool(one.seeds > 1 and np.isfinite(first))
    by_seeds = compare_seeds(_seeds(one, period), _seeds(other, period), CLEAR)
    if period == "train" or one.errors is None or other.errors is None or by_seeds.answer != "better":
        return by_seeds.answer == "better"
    return compare(one.errors, other.errors, level=CLEAR).answer == "better"


def _seeds(outcome: Outcome, period: str) -> Seeds:
    return Seeds(getattr(outcome, period), getattr(outcome, f"{period}_spread"), outcome.seeds)


def what_it_shows(outcomes: Sequence[Outcome]) -> tuple[Message, Message, Message]:
    """The table in three points: lowest train loss, lowest held-out loss, and what more layers do to both."""
    train, held_out = best_on(outcomes, "train"), best_on(outcomes, "held_out")
    on_train: dict[str, object] = {"row": Message(train.row.name), "loss": Views(train.train)}
    on_held_out = {"row": Message(held_out.row.name), "loss": Views(held_out.held_out)}
    more = {"depth": _depth(outcomes), "turn": _turn(outcomes, held_out)}
    return (
        Message(N_("Lowest train loss: “{row}” ({loss})."), on_train),
        Message(
            N_("Lowest held-out loss: “{row}” ({loss}); {clear}."),
            on_held_out | {"clear": _how_clear(outcomes, held_out)},
        ),
        Message(N_("More layers: {depth}; {turn}."), more),
    )


def _how_clear(outcomes: Sequence[Outcome], best: Outcome) -> Message:
    """How many rows may be as good as the best one on held-out days, or what is too thin to say."""
    days = None if best.errors is None else best.errors.shape[1]
    if best.seeds < 2:
        return Message(N_("one seed a model cannot tell them apart"))
    if days is not None and days < FEWEST_DAYS:
        return Message(N_("{days} days cannot tell the models apart"), {"days": days})
    alike = sum(not clearly_less(best, other, "held_out") for other in outcomes if other is not best)
    if days is None:
        return Message(N_("{alike} others cannot be told apart from it by their seeds alone"), {"alike": alike})
    if alike:
        return Message(N_("{alike} others cannot be told apart from it"), {"alike": alike})
    return Message(N_("it is clearly ahead of all others"))


def _depth(outcomes: Sequence[Outcome]) -> Message:
    """Whether some deeper net of 100 ReLU fits the training days better than one layer does."""
    nets = {o.row.architecture.layers: o for o in outcomes if o.row.architecture in _DEEP}
    if 1 not in nets or len(nets) < 2:
        return Message(N_("depth was not tried"))
    shallow, deepest = nets[1], nets[max(nets)]
    best = best_on([net for layers, net in nets.items() if layers > 1], "train")
    facts = {
        "one": Message(shallow.row.name),
        "row": Message(best.row.name),
        "shallow": Views(shallow.train),
        "deep": Views(best.train),
    }
    if clearly_less(best, shallow, "train"):
        if clearly_less(best, deepest, "train") and np.isfinite(deepest.train):
            failed = {"deepest": Message(deepest.row.name), "loss": Views(deepest.train)}
            return Message(
                N_(
                    "depth lowers the train loss from {shallow} with {one} to {deep} with {row}, but {deepest} ends at"
                    " {loss}"
                ),
                facts | failed,
            )
        return Message(N_("depth lowers the train loss from {shallow} with {one} to {deep} with {row}"), facts)
    if clearly_less(shallow, best, "train"):
        return Message(
            N_("depth does not lower the train loss ({shallow} with one layer, {deep} at best with more)"), facts
        )
    return Message(N_("these seeds do not tell whether depth lowers the train loss"))


def _turn(outcomes: Sequence[Outcome], best: Outcome) -> Message:
    """Whether held-out loss rises again past its best row, the table being in order of growing models."""
    after = list(outcomes)[list(outcomes).index(best) + 1 :]
    finite = [outcome for outcome in after if np.isfinite(outcome.held_out)]
    worse = [outcome for outcome in finite if clearly_less(best, outcome, "held_out")]
    facts: dict[str, object] = {"best": Message(best.row.name)}
    if worse:
        highest = max(worse, key=lambda outcome: outcome.held_out)
        facts |= {"row": Message(highest.row.name), "loss": Views(highest.held_out)}
        return Message(N_("past {best} held-out turns up again, to {loss} with {row}"), facts)
    if after:
        return Message(N_("it cannot be told whether held-out turns up again past {best}"), facts)
    return Message(N_("held-out does not turn up again"))


_DEEP = {Architecture("relu", 56, layers, 100) for layers in range(1, 9)}
