"""Settings: counts and formulas by hand, one name for one network, JSON there and back, bounds."""

import json
from dataclasses import fields
from itertools import product

import pytest
import torch

from forecasting.formula import formula
from forecasting.messages import BadInput
from forecasting.networks.network import StackedNetwork
from forecasting.settings import (
    BY_FAMILY,
    DEFAULTS,
    FAMILIES,
    SKLEARN_FAMILIES,
    Architecture,
    Inputs,
    Regularisation,
    RunSettings,
    Training,
    defaults_of,
)


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
    assert formula(Architecture("linear", 7)) == r"\hat y = b + \sum_{j=1}^{7} w_j x_j"
    assert r"\sum_{i=1}^{10} c_i \, \sigma" in formula(Architecture("sigmoid", 28, units=10))
    assert r"\mathrm{hard\,sigmoid}\Big(b_i + \sum_{j=1}^{28}" in formula(Architecture("hard-sigmoid", 28, units=10))
    assert formula(Architecture("relu", 56, 3)).endswith(r"c^\top a^{3}")


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
        "import sys, forecasting.settings, forecasting.windows, forecasting.split, forecasting.models.naive; "
        f"sys.exit(any(name in sys.modules for name in {heavy}))"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0
    assert torch  # here it is loaded, there it is not


def test_older_json_has_the_defaults_of_what_it_does_not_name(split):
    settings = RunSettings(split, Architecture("sigmoid", 28, units=10), Training("mse", "sgd", 0.02, 0, 7, 3))
    record = json.loads(settings.to_json())
    older = {name: record[name] for name in ("split", "architecture", "training")}
    older["architecture"].pop("horizon")
    for name in ("momentum", "schedule", "warmup", "decay", "decay_epochs"):
        older["training"].pop(name)
    assert RunSettings.from_json(json.dumps(older)) == settings


def test_all_settings_there_and_back(split):
    settings = RunSettings(
        split,
        Architecture("relu", 28, 2, 10, 7),
        Training("mse", "nesterov", schedule="step", decay=0.1, warmup=3),
        Inputs(log=True, weekday=True, country="TW", subtract="mean"),
        Regularisation(weight_decay=0.1, dropout=0.2, batch_norm=True, validation=0.2, patience=5),
    )
    assert RunSettings.from_json(settings.to_json()) == settings
    assert settings.flat()["country"] == "TW" and settings.flat()["patience"] == 5


def test_what_training_does_not_use_is_set_aside():
    assert Training(momentum=0.5) == Training() != Training(optimizer="momentum", momentum=0.5)
    assert Training(decay=0.1, decay_epochs=3) == Training()
    assert Training(schedule="1/t", decay=0.1, decay_epochs=3) == Training(schedule="1/t", decay_epochs=3)
    assert Training(optimizer="lbfgs", learning_rate=3, batch_size=9, warmup=2) == Training(optimizer="lbfgs")
    assert Training("mse", "exact", 0.5, 9, 70, 12).seeds == Training("mse", "exact").epochs == 1
    assert Training("mse", "exact", 0.5, 9, 70, 12) == Training("mse", "exact")


def test_what_a_run_does_not_use_is_set_aside(split):
    def kept(architecture, training=Training(), **regularisation):  # noqa: B008
        return RunSettings(
            split, architecture, training, regularisation=Regularisation(**regularisation)
        ).regularisation

    assert kept(Architecture("linear"), dropout=0.5, batch_norm=True, noise=0.1) == Regularisation(noise=0.1)
    assert kept(Architecture(), Training(optimizer="lbfgs"), dropout=0.5, l1=0.1) == Regularisation(l1=0.1)
    assert kept(Architecture(), dropout=0.5) == Regularisation(dropout=0.5)


def test_only_linear_models_are_solved_and_only_with_validation_is_stopped_early(split):
    with pytest.raises(BadInput, match="linear"):
        RunSettings(split, Architecture("relu"), Training(optimizer="exact"))
    with pytest.raises(BadInput, match="validation"):
        Regularisation(patience=5)


def test_calendar_columns_and_batch_norm_are_counted(split):
    settings = RunSettings(
        split,
        Architecture("relu", 7, 2, 10, 3),
        inputs=Inputs(weekday=True, country="DE"),
        regularisation=Regularisation(batch_norm=True),
    )
    from forecasting.models.fitting import build

    assert settings.parameters == (7 + 7 + 5 + 1) * 10 + 11 * 10 + 11 * 3 + 2 * 2 * 10
    assert settings.parameters == build(settings).parameters.shape[1]


def test_a_formula_of_several_days():
    assert formula(Architecture("linear", 7, horizon=5)) == (
        r"\hat y_h = b_h + \sum_{j=1}^{7} w_{hj} x_j,\ \ h = 1, \dots, 5"
    )
    assert r"c_h^\top a^{2}" in formula(Architecture("relu", 7, 2, horizon=5))
    assert r"\mathrm{tree}_{hm}" in formula(Architecture("trees", 7, horizon=2))
    assert r"\mathrm{tree}_m(x_1, \dots, x_{7})" in formula(Architecture("trees", 7))


def test_every_family_has_defaults_that_are_possible(split):
    for family in FAMILIES:
        chosen = defaults_of(family)
        assert set(chosen) == set(DEFAULTS) and chosen["family"] == family
        training = Training(**{one.name: chosen[one.name] for one in fields(Training)})
        made = RunSettings(split, Architecture(family), training)
        differing = {name for name in chosen if chosen[name] != DEFAULTS[name]} - {"family"}
        assert differing <= set(BY_FAMILY)
        assert family in SKLEARN_FAMILIES or made.training.learning_rate == chosen["learning_rate"]


def test_a_familys_defaults_leave_stored_runs_as_they_are(split):
    """Records and older texts that name no rate keep the one they were trained with."""
    assert (Training().learning_rate, Training().schedule) == (0.001, "constant")
    record = json.loads(RunSettings(split, Architecture("hard-sigmoid")).to_json())
    del record["training"]["learning_rate"]
    assert RunSettings.from_json(json.dumps(record)).training.learning_rate == 0.001
