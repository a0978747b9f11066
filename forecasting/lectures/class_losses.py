"""Two losses after a softmax (Lee 2021, video 8): cross-entropy slopes everywhere, squared error is flat far away.

Three classes with logits y1, y2 and y3 = -1000, as the lecture draws them; the target is the first or the second.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from forecasting.formats import format_small
from forecasting.lectures.claims import Claim, claim, judge_fact
from forecasting.lectures.paths import Adam, descend, plain
from forecasting.messages import N_, Message

ClassLoss = Literal["cross-entropy", "mse"]
LOSS_NAMES: dict[ClassLoss, str] = {"cross-entropy": N_("Cross-entropy"), "mse": N_("Squared error (MSE)")}
Method = Literal["sgd", "adam", "adam-coarse"]
METHODS: dict[Method, str] = {
    "sgd": N_("Gradient descent"),
    "adam": N_("Adam, ε = 1e-8"),
    "adam-coarse": N_("Adam, ε = 1e-4"),
}
EPSILONS: dict[Method, float] = {"adam": 1e-8, "adam-coarse": 1e-4}
RATES: dict[Method, float] = {"sgd": 0.5, "adam": 0.1, "adam-coarse": 0.1}
REACH = 10.0  # of y1 and y2, the lecture's
THIRD = -1000.0  # y3, the lecture's
UPDATES = 1000
GRID = 41  # places along each logit
ARRIVED, STUCK = 0.9, 0.5  # of the target's probability: from there up, and up to there
START = (-8.0, 8.0)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (..., classes)."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def log_sum_exp(logits: np.ndarray) -> np.ndarray:
    """The logarithm (...) of what softmax divides by, of logits (..., classes)."""
    highest = logits.max(axis=-1)
    return np.log(np.exp(logits - highest[..., None]).sum(axis=-1)) + highest


def loss_of(logits: np.ndarray, target: int, loss: ClassLoss) -> np.ndarray:
    """The loss (...) of logits (..., classes): -log p of the target, or the sum of squared differences from one-hot."""
    if loss == "mse":
        return ((softmax(logits) - np.eye(logits.shape[-1])[target]) ** 2).sum(axis=-1)
    return log_sum_exp(logits) - logits[..., target]


def gradient_of(logits: np.ndarray, target: int, loss: ClassLoss) -> np.ndarray:
    """Derivatives (..., classes) of the loss by the logits."""
    probabilities = softmax(logits)
    apart = probabilities - np.eye(logits.shape[-1])[target]
    if loss == "cross-entropy":
        return apart
    pulls = 2 * apart * probabilities
    return pulls - probabilities * pulls.sum(axis=-1, keepdims=True)


def logit_surface(loss: ClassLoss, target: int, places: np.ndarray) -> np.ndarray:
    """The loss (y2, y1) at `places` along both logits."""
    first, second = np.meshgrid(places, places)
    return loss_of(with_third(np.stack([first, second], axis=-1)), target, loss)


def with_third(pairs: np.ndarray) -> np.ndarray:
    """Logits (..., 3) of pairs (..., 2)."""
    return np.concatenate([pairs, np.full((*pairs.shape[:-1], 1), THIRD)], axis=-1)


@dataclass(frozen=True, eq=False)
class LogitPath:
    """The way of the logits: `points` (updates + 1, 2) and the target's probability (updates + 1,)."""

    points: np.ndarray
    probabilities: np.ndarray

    @property
    def end(self) -> float:
        """The target's probability after the last update."""
        return float(self.probabilities[-1])


Paths = dict[ClassLoss, LogitPath]


def logit_paths(target: int, start: tuple[float, float], method: Method) -> Paths:
    """UPDATES updates from a start, on both losses at once."""
    direction = plain if method == "sgd" else Adam(epsilon=EPSILONS[method])
    both = np.tile(with_third(np.array(start)), (len(LOSS_NAMES), 1))
    logits = descend(partial(_gradients, target=target), both, direction, rate=RATES[method], updates=UPDATES)
    shares = softmax(logits)[..., target]
    return {loss: LogitPath(logits[:, row, :2], shares[:, row]) for row, loss in enumerate(LOSS_NAMES)}


def _gradients(logits: np.ndarray, target: int) -> np.ndarray:
    """A row a loss: gradients (losses, classes) at logits (losses, classes)."""
    return np.stack([gradient_of(row, target, loss) for row, loss in zip(logits, LOSS_NAMES, strict=True)])


def squared_error_sticks(by_descent: Paths) -> Claim:
    """Whether plain descent brings the target's probability up under cross-entropy and not under squared error."""
    ends = {loss: path.end for loss, path in by_descent.items()}
    stuck = ends["mse"] if ends["cross-entropy"] >= ARRIVED else 1.0
    sentence = N_("Probability of the target after {updates} updates: {entropy}, and {squared} by MSE.")
    facts = {"updates": UPDATES, "entropy": format_chance(ends["cross-entropy"]), "squared": format_chance(ends["mse"])}
    return claim(
        N_("MSE sticks where cross-entropy does not"),
        judge_fact(stuck, STUCK),
        unit="",
        sentence=Message(sentence, facts),
    )


def adam_rescues(target: int, by_descent: Paths, by_adam: Paths, *, epsilon: float) -> Claim:
    """Whether Adam brings it up under squared error, where plain descent sticks."""
    found, before = by_adam["mse"].end, by_descent["mse"].end
    start = with_third(by_descent["mse"].points[0])
    steepest = float(np.abs(gradient_of(start, target, "mse")).max())
    sentence = N_("By MSE it ends at {end}. Largest slope at the start {slope}, ε = {epsilon}.")
    facts = {"end": format_chance(found), "slope": format_small(steepest), "epsilon": format_small(epsilon)}
    rescued = 1 - found if before <= STUCK else 1.0
    return claim(N_("Adam rescues MSE"), judge_fact(rescued, 1 - ARRIVED), unit="", sentence=Message(sentence, facts))


def format_chance(probability: float) -> str:
    """A probability that may be next to nothing: 0.995, or 1e−7."""
    return f"{probability:.3f}" if probability >= 0.001 else format_small(probability)
