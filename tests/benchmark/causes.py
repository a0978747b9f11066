"""What can be right or wrong with a run: settings of models, and what happens to a series when it is held out."""

from dataclasses import replace

import numpy as np

from forecasting.settings import Architecture, Inputs, Regularisation, Training

WEEKDAY = Inputs(weekday=True)
LOG = Inputs(weekday=True, log=True)

# Models that suit the series, so that nothing is wrong with them


def good_model(rng: np.random.Generator) -> dict:
    exact = Training(optimizer="exact")
    careful = Training(epochs=40, seeds=2, learning_rate=0.003, schedule="cosine")
    stop = Regularisation(validation=0.15, patience=8, weight_decay=0.003)
    models = [
        {"architecture": Architecture("linear", 14), "training": exact, "inputs": LOG},
        {"architecture": Architecture("linear", 8), "training": exact, "inputs": WEEKDAY},
        {"architecture": Architecture("linear", 28), "training": exact, "inputs": LOG},
        {"architecture": Architecture("svr", 14), "inputs": LOG},
        {"architecture": Architecture("linear", 21), "training": careful, "inputs": LOG},
        {
            "architecture": Architecture("relu", 14, 1, 16),
            "training": replace(careful, epochs=80),
            "inputs": LOG,
            "regularisation": stop,
        },
    ]
    return models[rng.integers(len(models))]


def good_sum(rng: np.random.Generator, family: str) -> dict:
    """A small sum of a family's units, trained at the rate that it needs."""
    training = Training(epochs=80, seeds=2, learning_rate=0.01, schedule="cosine")
    kept = Regularisation(validation=0.15, patience=20, weight_decay=0.001)
    return {
        "architecture": Architecture(family, 14, units=16),
        "training": training,
        "inputs": LOG,
        "regularisation": kept,
    }


def good_sigmoids(rng):
    return good_sum(rng, "sigmoid")


def good_hard_sigmoids(rng):
    return good_sum(rng, "hard-sigmoid")


def net(rng, window: int = 28, layers: int | None = None, units: int | None = None) -> Architecture:
    return Architecture("relu", window, layers or int(rng.integers(1, 3)), units or int(rng.choice([32, 64, 100])))


# Faults of the model: settings for the run


def short_window(rng):
    training = Training(epochs=50, seeds=2, learning_rate=0.003)
    return {"architecture": net(rng, int(rng.integers(1, 3)), 1, 32), "training": training}


def one_day_linear(rng):
    return {"architecture": Architecture("linear", 1), "training": Training(optimizer="exact")}


def held_back(rng):
    kept = Regularisation(weight_decay=float(rng.uniform(1, 5)))
    return {"architecture": net(rng, layers=1), "training": Training(epochs=50, seeds=2), "regularisation": kept}


def sum_of(rng, family: str, window: int = 28) -> Architecture:
    return Architecture(family, window, units=int(rng.choice([32, 64, 100])))


def short_window_sigmoids(rng):
    training = Training(epochs=50, seeds=2, learning_rate=0.01)
    return {"architecture": sum_of(rng, "sigmoid", int(rng.integers(1, 3))), "training": training}


def held_back_hard_sigmoids(rng):
    kept = Regularisation(weight_decay=float(rng.uniform(1, 5)))
    training = Training(epochs=50, seeds=2, learning_rate=0.01)
    return {"architecture": sum_of(rng, "hard-sigmoid"), "training": training, "regularisation": kept}


def much_l1(rng):
    kept = Regularisation(l1=float(rng.uniform(0.3, 1)))
    training = Training(epochs=50, seeds=2)
    return {"architecture": Architecture("linear", 28), "training": training, "regularisation": kept}


def noisy_inputs(rng):
    kept = Regularisation(noise=2.0)
    return {"architecture": net(rng, 14, 1, 32), "training": Training(epochs=50, seeds=2), "regularisation": kept}


def three_days(rng):
    return {"architecture": Architecture("svr", 3)}


def tent(before: float) -> float:
    """Up, then down, so that no line fits."""
    return 0.4 - 1.7 * abs(before)


def linear_for_bends(rng):
    return {"architecture": Architecture("linear", 14), "training": Training(optimizer="exact"), "inputs": WEEKDAY}


def slow_rate(rng):
    training = Training(epochs=40, seeds=2, learning_rate=float(10 ** rng.uniform(-5.5, -4.7)))
    return {"architecture": net(rng), "training": training, "inputs": WEEKDAY}


def fast_rate(rng):
    training = Training(epochs=40, seeds=2, learning_rate=float(rng.uniform(0.3, 1.0)))
    return {"architecture": net(rng, layers=2), "training": training, "inputs": WEEKDAY}


def deep_plain(rng):
    training = Training(optimizer="sgd", epochs=40, seeds=2, learning_rate=0.001)
    return {"architecture": net(rng, layers=int(rng.integers(4, 7))), "training": training, "inputs": WEEKDAY}


def slow_sigmoids(rng):
    training = Training(epochs=60, seeds=2, learning_rate=float(10 ** rng.uniform(-4, -3.3)))
    return {"architecture": sum_of(rng, "sigmoid"), "training": training}


def brief_hard_sigmoids(rng):
    training = Training(epochs=int(rng.integers(5, 20)), seeds=2)
    return {"architecture": sum_of(rng, "hard-sigmoid"), "training": training, "inputs": WEEKDAY}


def raw_inputs(rng):
    training = Training(optimizer="sgd", epochs=40, seeds=2, learning_rate=1e-7, loss="mae")
    inputs = Inputs(weekday=True, standardise=False)
    return {"architecture": net(rng, layers=1), "training": training, "inputs": inputs}


def few_epochs(rng):
    return {"architecture": net(rng), "training": Training(epochs=2, seeds=2, learning_rate=2e-4), "inputs": WEEKDAY}


def fading_rate(rng):
    training = Training(optimizer="sgd", epochs=40, seeds=2, learning_rate=0.01, schedule="1/t", decay_epochs=1)
    return {"architecture": net(rng, layers=3), "training": training, "inputs": WEEKDAY}


def timid_adagrad(rng):
    training = Training(optimizer="adagrad", epochs=40, seeds=2, learning_rate=1e-4)
    return {"architecture": net(rng), "training": training, "inputs": WEEKDAY}


def clipped(rng):
    training = Training(optimizer="sgd", epochs=40, seeds=2, learning_rate=0.01)
    kept = Regularisation(clip=0.01)
    return {"architecture": net(rng), "training": training, "inputs": WEEKDAY, "regularisation": kept}


def few_days(rng):
    kept = Regularisation(train_days=int(rng.integers(120, 220)))
    training = Training(epochs=200, seeds=2, learning_rate=0.003)
    return {"architecture": net(rng, 56, 1, 100), "training": training, "regularisation": kept}


def deep_and_long(rng):
    training = Training(epochs=120, seeds=2, learning_rate=0.003)
    return {"architecture": net(rng, 56, int(rng.integers(2, 4)), 100), "training": training}


def long_linear(rng):
    kept = Regularisation(train_days=int(rng.integers(160, 220)))
    training = Training(loss="mse", optimizer="exact")
    return {"architecture": Architecture("linear", 100), "training": training, "regularisation": kept}


def many_trees(rng):
    kept = Regularisation(train_days=int(rng.integers(150, 300)))
    return {"architecture": Architecture("trees", 7), "training": Training(epochs=400), "regularisation": kept}


def wide_by_lbfgs(rng):
    training = Training(loss="mse", optimizer="lbfgs", epochs=60, seeds=2)
    return {"architecture": net(rng, 42, 1, 64), "training": training}


# Milder faults, between one that nobody misses and none


def bit_held_back(rng):
    kept = Regularisation(weight_decay=float(10 ** rng.uniform(-1.5, 0)))
    training = Training(epochs=50, seeds=2, learning_rate=0.003)
    return {"architecture": net(rng, 14, layers=1), "training": training, "inputs": WEEKDAY, "regularisation": kept}


def few_units(rng):
    training = Training(epochs=50, seeds=2, learning_rate=0.01, schedule="cosine")
    return {"architecture": Architecture("relu", int(rng.integers(3, 7)), units=2), "training": training}


def slowish(rng):
    training = Training(epochs=40, seeds=2, learning_rate=float(10 ** rng.uniform(-4.5, -3)))
    return {"architecture": net(rng), "training": training, "inputs": WEEKDAY}


def slowish_sigmoids(rng):
    family = ("sigmoid", "hard-sigmoid")[int(rng.integers(2))]
    training = Training(epochs=60, seeds=2, learning_rate=float(10 ** rng.uniform(-3.5, -2.5)))
    return {"architecture": sum_of(rng, family), "training": training, "inputs": WEEKDAY}


def bit_long(rng):
    training = Training(epochs=int(rng.integers(20, 80)), seeds=2, learning_rate=0.003)
    return {"architecture": net(rng, 28, 1, 64), "training": training}


# Faults of the held-out period


def bit_louder(rng, made, late, shocks, weekly):
    return np.where(late, shocks * rng.uniform(1.3, 2.0), shocks), weekly


def louder(rng, made, late, shocks, weekly):
    return np.where(late, shocks * rng.uniform(2, 4), shocks), weekly


def other_week(rng, made, late, shocks, weekly):
    return shocks, np.where(late, np.roll(weekly, int(rng.integers(2, 5))), weekly)


def moving_week(rng, made, late, shocks, weekly):
    """Each held-out week has its own order of days."""
    order = np.concatenate([rng.permutation(made.week) for _ in range(len(late) // 7 + 1)])[: len(late)]
    return shocks, np.where(late, order, weekly)


def bursts(rng, made, late, shocks, weekly):
    struck = late & (rng.random(len(late)) < 0.12)
    return shocks + np.where(struck, rng.uniform(6, 12) * made.noise, 0), weekly


def outages(rng, made, late, shocks, weekly):
    struck = late & (rng.random(len(late)) < 0.1)
    return shocks, np.where(struck, weekly - rng.uniform(1.0, 3.0), weekly)
