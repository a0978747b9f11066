"""The models in LaTeX, x_1 being yesterday's views."""

from dataclasses import asdict

from forecasting.settings import Architecture

SUM = r"\hat y = b + \sum_{i=1}^{%%(units)d} c_i \, %s\Big(b_i + \sum_{j=1}^{%%(window)d} w_{ij} x_j\Big)"
FORMULAS = {
    "linear": r"\hat y = b + \sum_{j=1}^{%(window)d} w_j x_j",
    "hard-sigmoid": SUM % r"\mathrm{hard\,sigmoid}",
    "sigmoid": SUM % r"\sigma",
    "relu": r"a^1 = \mathrm{ReLU}(b^1 + W^1 x),\ \ "
    r"a^l = \mathrm{ReLU}(b^l + W^l a^{l-1}),\ \ \hat y = b + c^\top a^{%(layers)d}",
    "svr": r"\hat y = b + \sum_i \alpha_i \, e^{-\gamma \lVert x - x^{(i)} \rVert^2}",
    "trees": r"\hat y = b + \sum_m \mathrm{tree}_m(x_1, \dots, x_{%(window)d})",
}
SEVERAL_DAYS = (  # a model of several days has an output a day
    (r"\hat y = b + ", r"\hat y_h = b_h + "),
    ("w_j x_j", "w_{hj} x_j"),
    ("c_i ", "c_{hi} "),
    (r"c^\top", r"c_h^\top"),
    (r"\alpha_i", r"\alpha_{hi}"),
    (r"tree}_m", r"tree}_{hm}"),
)


def formula(architecture: Architecture) -> str:
    """The model with its sizes filled in."""
    sizes = asdict(architecture)
    text = FORMULAS[architecture.family] % sizes
    if architecture.horizon == 1:
        return text
    for one, several in SEVERAL_DAYS:
        text = text.replace(one, several)
    return text + rf",\ \ h = 1, \dots, {architecture.horizon}"
