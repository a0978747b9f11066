"""The leaves of the lecture's decision tree (Lee 2021, video 3), by name."""

from typing import Literal

from forecasting.messages import N_

Branch = Literal["bias", "optimization", "overfitting", "mismatch", "fine", "cannot tell"]

BRANCH_NAMES: dict[str, str] = {
    "bias": N_("Model bias"),
    "optimization": N_("Optimization issue"),
    "overfitting": N_("Overfitting"),
    "mismatch": N_("Mismatch"),
    "fine": N_("Nothing wrong"),
    "cannot tell": N_("Cannot tell"),
}
