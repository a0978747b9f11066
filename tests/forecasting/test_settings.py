"""Settings: counts and formulas by hand, one name for one network, JSON there and back, bounds."""

from itertools import product

import pytest
import torch

from forecasting.errors import BadInput
from forecasting.models import StackedNetwork
from forecasting.settings import Architecture, RunSettings, Training


def by_hand(family: str, window: int, layers: int, units: int) -> int:
    """Weights and biases as one counts them on a torch.nn network."""
    if family == "linear":
        return window + 1
    if family != "relu":
        return units * (window + 1) + units + 1
    return units * (window + 1) + (layers - 1) * units * (units + 1) + units + 1


@pytest.mark.parametrize("family", ["linear", "hard-sigmoid", "sigmoid", "relu"])
def test_parameters_are_counted_as_by_hand_and_in_the_network(family):
    for window, layers, units in product((1, 7, 56), (1, 2, 5), (1, 10, 100)):
        architecture = Architecture(family, window, layers, units)
        assert architecture.parameters == by_hand(family, window, layers, units)
        network = StackedNetwork(architecture, [0])
        assert architecture.parameters == network.parameters.shape[1]


def test_the_lectures_networks_by_number():
    assert Architecture("linear", 1).parameters == 2
    assert Architecture("relu", 56, 1, 1000).parameters == 58_001
    assert Architecture("relu", 56, 3, 100).parameters == 26_001


def test_formulas_name_the_sizes():
    assert Architecture("linear", 7).formula == r"\hat y = b + \sum_{j=1}^{7} w_j x_j"
    assert r"\sum_{i=1}^{10} c_i \, \sigma" in Architecture("sigmoid", 28, units=10).formula
    assert r"\mathrm{hard\,sigmoid}\Big(b_i + \sum_{j=1}^{28}" in Architecture("hard-sigmoid", 28, units=10).formula
    assert Architecture("relu", 56, 3).formula.endswith(r"c^\top a^{3}")


def test_what_a_family_does_not_use_is_set_aside():
    assert Architecture("linear", 7, 4, 900) == Architecture("linear", 7)
    assert Architecture("sigmoid", 7, 4, 90) == Architecture("sigmoid", 7, 1, 90)
    assert Architecture("relu", 7, 4, 90) != Architecture("relu", 7, 1, 90)


def test_json_there_and_back(split):
    settings = RunSettings(split, Architecture("sigmoid", 28, units=10), Training("mse", learning_rate=0.02))
    assert RunSettings.from_json(settings.to_json()) == settings
    assert settings.run_id("views", "me") == RunSettings.from_json(settings.to_json()).run_id("views", "me")
    assert settings.run_id("views", "me") != settings.run_id("views", "you") != settings.run_id("other", "you")


@pytest.mark.parametrize(
    "wrong", [{"window": 0}, {"window": 366}, {"layers": 9}, {"units": 2049}, {"family": "transformer"}]
)
def test_architectures_out_of_range_are_refused(wrong):
    with pytest.raises(BadInput):
        Architecture(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"seeds": 33}, {"epochs": 0}, {"learning_rate": 11.0}, {"learning_rate": float("nan")}, {"loss": "mape"}]
)
def test_trainings_out_of_range_are_refused(wrong):
    with pytest.raises(BadInput):
        Training(**wrong)


def test_settings_need_no_torch():
    import subprocess
    import sys

    heavy = "torch", "sklearn", "scipy", "holidays"
    script = (
        "import sys, forecasting.settings, forecasting.windows, forecasting.split, forecasting.baselines; "
        f"sys.exit(any(name in sys.modules for name in {heavy}))"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
    assert torch  # here it is loaded, there it is not
