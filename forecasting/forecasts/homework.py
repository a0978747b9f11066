"""A run in plain PyTorch, as a program and as a notebook: the same windows, start and batches, so the same losses."""

import json
from dataclasses import dataclass

from forecasting.forecasts.pytorch_code import (
    DECAY_IN_LOSS,
    PLAIN_OPTIMIZERS,
    data_code,
    function_code,
    loss_code,
    optimization_code,
)
from forecasting.formula import formula
from forecasting.messages import N_, Message, Translate, english
from forecasting.names import escape_markdown
from forecasting.series import Series
from forecasting.settings import FAMILIES, LABELS, OPTIMIZERS, SKLEARN_FAMILIES, RunSettings

NOT_OFFERED = N_("This run has no notebook in plain PyTorch, because of “{setting}”.")
KINKED = ("relu", "hard-sigmoid")  # families
LOSS_FORMULAS = {
    "mae": r"L = \frac{1}{N} \sum_n \lvert \hat y_n - y_n \rvert",
    "mse": r"L = \frac{1}{N} \sum_n (\hat y_n - y_n)^2",
}
DATA = N_(
    "Put `{file}` into the folder of this notebook; numpy, pandas and torch are all it needs. Each input is a window "
    "of {window} days."
)
SCALED = N_("All days are scaled by mean and standard deviation of the training days alone.")
FUNCTION = N_("Its {count} weights and biases are the unknowns. A seed draws their start.")
LOSS = N_(
    "It says how bad a choice of the unknowns is. The optimizer works on scaled views; the losses printed are in views."
)
OPTIMIZATION = N_(
    "Each update moves the unknowns against the gradient of the loss of one batch. The seed draws the batches too, "
    "so the losses are those of the run."
)
DRIFT = N_(
    "Sums are rounded in another order than in Viewcast, and with this function the difference grows: the losses "
    "of the first epochs agree in all digits, the last ones to some percent."
)


@dataclass(frozen=True)
class Homework:
    """A run to be written down.

    `file` is the name under which `reading.to_csv` wrote the series. `epochs` are those that were trained, `losses` the
    train and held-out loss, in views, that the run ended at. `name` is the run's.
    """

    settings: RunSettings
    series: Series
    file: str
    epochs: int
    losses: tuple[float, float] | None = None
    name: str = ""


@dataclass(frozen=True)
class Step:
    """Two cells of the notebook: words and code."""

    title: str  # translatable
    text: list[Message]
    code: str
    formula: str = ""  # LaTeX


def why_not(settings: RunSettings) -> Message | None:
    """Why a run is not written in plain PyTorch; None where it can be."""
    net, training, inputs, kept = settings.architecture, settings.training, settings.inputs, settings.regularisation
    decay_in_loss = kept.weight_decay > 0 and training.optimizer in DECAY_IN_LOSS
    reasons = {
        FAMILIES[net.family]: net.family in SKLEARN_FAMILIES,
        OPTIMIZERS[training.optimizer]: training.optimizer not in PLAIN_OPTIMIZERS,
        N_("Public holidays"): bool(inputs.country),
        N_("Events as input"): inputs.with_events,
        LABELS["batch_norm"]: kept.batch_norm,  # takes the biases before it out of the loss: rounding alone moves them
        LABELS["scale"]: kept.scale > 0,
        LABELS["noise"]: kept.noise > 0 and not inputs.standardise,
        LABELS["clip"]: kept.clip > 0 and (kept.l1 > 0 or decay_in_loss),  # it would clip the penalty too
    }
    found = next((setting for setting, applies in reasons.items() if applies), None)
    return Message(NOT_OFFERED, {"setting": Message(found)}) if found else None


def as_program(homework: Homework) -> str:
    """The run as a Python program that needs numpy, pandas, torch and its file."""
    return "\n\n".join(step.code for step in steps(homework))


def as_notebook(homework: Homework, translate: Translate = english) -> bytes:
    """The same as a Jupyter notebook (nbformat 4.5, JSON), a cell of words before each cell of code."""
    title = f"# {escape_markdown(homework.name)}\n\n" if homework.name else ""
    cells: list[dict] = []
    for place, step in enumerate(steps(homework)):
        code = {"cell_type": "code", "id": f"code-{place}", "metadata": {}, "source": step.code.rstrip("\n")}
        said = _words(step, translate) if place else title + _words(step, translate)
        words = {"cell_type": "markdown", "id": f"words-{place}", "metadata": {}, "source": said}
        cells += [words, code | {"execution_count": None, "outputs": []}]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode()


def _words(step: Step, translate: Translate) -> str:
    """Title, sentences and formula in Markdown."""
    sentences = [sentence.translated(translate) for sentence in step.text]
    formulas = [f"$${step.formula}$$"] if step.formula else []
    return "\n\n".join([f"## {translate(step.title)}", *sentences, *formulas])


def steps(homework: Homework) -> list[Step]:
    """The data, and the three steps of machine learning. For settings that `why_not` has nothing against."""
    settings, series, net = homework.settings, homework.series, homework.settings.architecture
    data = [Message(DATA, {"file": homework.file, "window": net.window})]
    data += [Message(SCALED)] * settings.inputs.standardise
    unknowns = Message(FUNCTION, {"count": settings.parameters})
    descent = [Message(OPTIMIZATION)] + [Message(DRIFT)] * (net.family in KINKED)
    training = optimization_code(settings, series, epochs=homework.epochs, losses=homework.losses)
    loss = settings.training.loss
    return [
        Step(N_("The data"), data, data_code(settings, series, homework.file)),
        Step(N_("Step 1, the function"), [unknowns], function_code(settings), formula(net)),
        Step(N_("Step 2, the loss"), [Message(LOSS)], loss_code(settings, series), LOSS_FORMULAS[loss]),
        Step(N_("Step 3, the optimization"), descent, training),
    ]
