"""What the report card judges: `GROUPS`, the one table of it.

A claim of the lectures is a `Statement` of the source that answers it; a source is a function of a series and a split
that yields claims, named so that only a worker or a command loads what it needs. Adding a claim is one statement more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from forecasting.messages import N_


@dataclass(frozen=True)
class Statement:
    """A claim of the lectures as the card states it."""

    name: str  # of the claim that answers it
    says: str  # the claim in one sentence, marked for translation
    lecture: str  # the lecture's figure; "" where it gives none
    chapter: str  # a slug
    query: Mapping[str, str] = field(default_factory=dict)  # sets the chapter to this case; words are marked
    border: float = 0.0  # above it the effect speaks for the claim
    below: bool = False  # and below it instead


@dataclass(frozen=True)
class Source:
    """`function` is "module:function", which takes a series and a split and yields claims."""

    function: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Group:
    """Claims that are judged together. With another `version` they are judged anew where they have been before."""

    label: str  # marked for translation
    seconds: float  # of the processor, on the sample
    sources: tuple[Source, ...]
    note: str = ""  # marked for translation: where it does less than the chapters
    version: int = 1

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Of all sources, in order."""
        return tuple(statement for source in self.sources for statement in source.statements)


HALF = "forecasting.lectures.channel_claims"
DEEPER, LAYERS = N_("Depth"), N_("Layers")
GROUPS = {
    "data": Group(
        N_("Know your data"),
        0.5,
        (
            Source(
                f"{HALF}:three_steps_claims",
                (
                    Statement(
                        "The line is a day late",
                        N_("A line that sees one day mostly repeats that day."),
                        "w = 0.97",
                        "three_steps",
                    ),
                    Statement(
                        "Descent arrives",
                        N_("Gradient descent comes to the lowest loss."),
                        "",
                        "three_steps",
                        {"rate": "0.03", "updates": "500"},
                    ),
                ),
            ),
            Source(
                f"{HALF}:window_claims",
                (
                    Statement(
                        "7 days beat 1",
                        N_("A line that sees 7 days forecasts better than one that sees a day."),
                        "580 → 490",
                        "know_your_data",
                        {"window": "7"},
                    ),
                    Statement(
                        "28 days beat 7",
                        N_("A line that sees 28 days forecasts better than one that sees 7."),
                        "490 → 460",
                        "know_your_data",
                        {"window": "28"},
                    ),
                    Statement(
                        "56 days beat 28",
                        N_("A line that sees 56 days forecasts better than one that sees 28."),
                        "460 → 460",
                        "know_your_data",
                        {"window": "56"},
                    ),
                ),
            ),
            Source(
                f"{HALF}:piece_claims",
                (
                    Statement(
                        "Twice the pieces leave under 0.6 of the error",
                        N_("Twice the ramps come much nearer to the channel's last year."),
                        "",
                        "bend_the_line",
                        {"target": N_("Last year, smoothed"), "pieces": "3"},
                    ),
                ),
            ),
        ),
        version=2,
    ),
    "depth": Group(
        N_("Deeper"),
        12,
        (
            Source(
                f"{HALF}:bending_claims",
                (
                    Statement(
                        "Bending pays",
                        N_("A net of 100 ReLU forecasts better than a line."),
                        "460 → 430",
                        "bend_the_line",
                    ),
                ),
            ),
            Source(
                f"{HALF}:depth_claims",
                (
                    Statement(
                        "Train loss falls from one layer to three",
                        N_("Three layers fit the training days better than one."),
                        "280 → 140",
                        "deeper",
                        {"part": DEEPER, "along": LAYERS, "at": "3"},
                    ),
                    Statement(
                        "With as many parameters, deep beats wide on held-out days",
                        N_("Of two nets with as many parameters the deep one forecasts better."),
                        "",
                        "deeper",
                        {"part": DEEPER, "along": N_("Deep or wide"), "at": "2"},
                    ),
                    Statement(
                        "Held-out loss rises from three layers to four",
                        N_("Four layers forecast worse than three."),
                        "380 → 440",
                        "deeper",
                        {"part": DEEPER, "along": LAYERS, "at": "4"},
                    ),
                    Statement(
                        "Five layers train worse than four, an optimization issue",
                        N_("Five layers fit the training days worse than four."),
                        "100 → 340",
                        "deeper",
                        {"part": DEEPER, "along": LAYERS, "at": "5"},
                    ),
                ),
            ),
        ),
        note=N_("Networks learn for 60 epochs here, and for 200 in the chapter: losses differ."),
    ),
    "choosing": Group(
        N_("Choosing, and overfitting"),
        6,
        (
            Source(
                f"{HALF}:overfitting_claims",
                (
                    Statement(
                        "A look-up table loses to a line",
                        N_("A look-up table has no train loss, and forecasts worse than a line."),
                        "",
                        "overfitting",
                        {"toy": N_("This channel"), "window": "56"},
                    ),
                    Statement(
                        "The lowest held-out loss lies inside",
                        N_("Neither the simplest model nor the most complex one forecasts best."),
                        "",
                        "overfitting",
                        {"toy": N_("This channel")},
                    ),
                ),
            ),
            Source(
                f"{HALF}:score_claims",
                (
                    Statement(
                        "The chosen score collapses on private days",
                        N_("The best of many useless models looks good on the days that it was chosen by alone."),
                        "",
                        "choosing_models",
                        {"part": N_("Score of many models"), "dared": "10,000", "public": "5 %"},
                    ),
                ),
            ),
            Source(
                f"{HALF}:remedy_claims",
                (
                    Statement(
                        "Weight decay helps",
                        N_("Weight decay helps a net that overfits."),
                        "d2l: 71 → 0.14",
                        "overfitting",
                        {"toy": N_("This channel")},
                    ),
                    Statement(
                        "More training days help",
                        N_("More training days help a net that overfits."),
                        "",
                        "overfitting",
                        {"toy": N_("This channel")},
                    ),
                ),
            ),
            Source(
                f"{HALF}:fold_claims",
                (
                    Statement(
                        "Random folds flatter",
                        N_("Folds drawn at random show a smaller error than blocks of days."),
                        "",
                        "choosing_models",
                        {"part": N_("Folds"), "fold_kind": N_("Random")},
                    ),
                ),
            ),
        ),
        note=N_("Folds rank three models here, and four in the chapter."),
    ),
    "batches": Group(
        N_("Batches"),
        2.5,
        (
            Source(
                f"{HALF}:batch_claims",
                (
                    Statement(
                        "Both arrive",
                        N_("Batches come as near to the lowest loss as the formula."),
                        "",
                        "formula_or_batches",
                        {"batch": "5", "rate": "0.03", "epochs": "10"},
                    ),
                    Statement(
                        "Small batches are nearer",
                        N_("After as many epochs small batches are nearer to the optimum than all days at once."),
                        "",
                        "formula_or_batches",
                        {"batch": "5", "rate": "0.03", "epochs": "10"},
                    ),
                ),
            ),
            Source(
                "forecasting.lectures.batch_training:channel_claims",
                (
                    Statement(
                        "After equal epochs the large batch trains worse",
                        N_("After equal epochs a net that sees all windows in each update has a larger train loss."),
                        N_("accuracy 0.983 → 0.838"),
                        "batch_size",
                        {"batch": "all", "equal": N_("Epochs")},
                    ),
                    Statement(
                        "After equal updates the large batch trains worse",
                        N_("After equal updates a net that sees all windows in each update has a larger train loss."),
                        "",
                        "batch_size",
                        {"batch": "all", "equal": N_("Updates")},
                    ),
                    Statement(
                        "At equal training loss the small batch lies flatter",
                        N_("At equal training loss small batches end where the loss curves less."),
                        "",
                        "batch_size",
                        {"batch": "16"},
                    ),
                ),
            ),
        ),
    ),
    "curvature": Group(
        N_("Minimum or saddle?"),
        2.5,
        (
            Source(
                "forecasting.lectures.along_training:channel_claims",
                (
                    Statement(
                        "Training ends at no minimum",
                        N_("Training ends where the loss still bends down along some direction."),
                        "",
                        "minimum_or_saddle",
                        {"on": N_("Own network")},
                        border=0.1,
                    ),
                    Statement(
                        "The gradient is not small where the loss is flat",
                        N_("Where the loss no longer falls, the gradient is not small."),
                        "",
                        "minimum_or_saddle",
                        {"on": N_("Own network")},
                        border=10,
                    ),
                    Statement(
                        "The minimum ratio is at most 0.6",
                        N_("At most 0.6 of the eigenvalues are positive where training ends."),
                        "0.5–0.6",
                        "minimum_or_saddle",
                        {"on": N_("Own network")},
                        border=0.6,
                        below=True,
                    ),
                ),
            ),
        ),
    ),
    "optimizers": Group(
        N_("Optimizers"),
        2,
        (
            Source(
                "forecasting.lectures.momentum:channel_claims",
                (
                    Statement(
                        "Momentum needs fewer updates on this channel",
                        N_("With momentum, descent arrives after fewer updates."),
                        "",
                        "momentum",
                        {"surface": N_("This channel, two weights"), "momentum": "0.9"},
                    ),
                ),
            ),
            Source(
                "forecasting.lectures.learning_rate:channel_claims",
                (
                    Statement(
                        "Adaptive beats the best single rate",
                        N_("With a rate for each unknown the train loss ends lower than at the best single rate."),
                        "",
                        "learning_rate",
                        {"each": "true", "adaptive": "Adam"},
                    ),
                    Statement(
                        "Adaptive leaves more rates usable",
                        N_("With a rate for each unknown more learning rates are usable."),
                        "",
                        "learning_rate",
                        {"each": "true", "adaptive": "Adam"},
                    ),
                ),
            ),
        ),
    ),
    "scale": Group(
        N_("Scaling and batch normalization"),
        7,
        (
            Source(
                "forecasting.lectures.batch_normalization:channel_claims",
                (
                    Statement(
                        "Raw inputs need more updates",
                        N_("Descent needs more updates on raw views than on standardised ones."),
                        "",
                        "batch_normalization",
                        {"part": N_("Two inputs")},
                    ),
                    Statement(
                        "Batch normalization widens the usable rates",
                        N_("With batch normalization more learning rates are usable."),
                        "",
                        "batch_normalization",
                        {"part": N_("Your network"), "batch": "64"},
                    ),
                    Statement(
                        "Batch normalization fails at batch 2",
                        N_("Batch normalization needs a large batch: with 2 days it trains worse than without."),
                        "",
                        "batch_normalization",
                        {"part": N_("Your network"), "batch": "2"},
                    ),
                ),
            ),
        ),
    ),
    "change": Group(
        N_("Classes, and when the world changes"),
        1,
        (
            Source(
                "forecasting.lectures.classes:channel_claims",
                (
                    Statement(
                        "Tomorrow's class beats the commonest class",
                        N_("Softmax regression tells down, flat or up better than the commonest class."),
                        "",
                        "loss",
                        {"part": N_("Tomorrow's class")},
                    ),
                    Statement(
                        "It beats the class of last week",
                        N_("Softmax regression tells down, flat or up better than the class of last week."),
                        "",
                        "loss",
                        {"part": N_("Tomorrow's class")},
                    ),
                ),
            ),
            Source(
                "forecasting.lectures.viral_day:channel_claims",
                (
                    Statement(
                        "A viral day moves MSE more than MAE and Huber",
                        N_("One viral day moves what MSE learns more than what MAE or Huber learn."),
                        "",
                        "loss",
                        {"part": N_("A viral day")},
                    ),
                ),
            ),
            Source(
                "forecasting.lectures.worlds:channel_claims",
                (
                    Statement(
                        "The two periods differ",
                        N_("Held-out days are not like training days."),
                        "",
                        "when_the_world_changes",
                    ),
                    Statement(
                        "Refitting every week helps",
                        N_("A model that is fitted anew every week forecasts better."),
                        "",
                        "when_the_world_changes",
                        {"refit": N_("Weekly")},
                    ),
                    Statement(
                        "A shorter history helps",
                        N_("Learning from fewer, later days forecasts better."),
                        "",
                        "when_the_world_changes",
                    ),
                    Statement(
                        "The largest day was foreseeable",
                        N_("The largest day could be foreseen."),
                        "5,250 / 7,500",
                        "when_the_world_changes",
                    ),
                ),
            ),
        ),
        version=3,
    ),
}
CHEAP_FIRST = tuple(sorted(GROUPS, key=lambda slug: GROUPS[slug].seconds))
