"""Forecasts of other libraries from the same origins, for `tests.benchmark.panel`. Runs in an environment of its own.

    PYTHON peers.py VIEWS.csv OUT.npz METHOD LAST HORIZON ORIGIN...

VIEWS.csv has columns ds and y, a day a row and none missing. A method is fitted once on the days through LAST, and
asked from each ORIGIN, the last day that it may know. OUT.npz gets `predicted`, `lower` and `upper` (origins, horizon),
the edges those of a 90 % interval, NaN where the method has none, and `seconds` of the processor for the fit.
It needs statsforecast, lightgbm with scikit-learn, or neuralforecast, each for its own methods; nothing of Viewcast.
"""

import sys
import time
import warnings

import numpy as np
import pandas as pd

LAGS = 28
LEVEL = 90


def smoothing(name: str, views: pd.Series, last: int, places: np.ndarray, horizon: int):
    """statsforecast's AutoETS or AutoTheta, whose parameters stay those of the fit."""
    from statsforecast import models

    model = getattr(models, name)(season_length=7)
    values = views.to_numpy(float)
    begun = time.process_time()
    model.fit(values[: last + 1])
    seconds = time.process_time() - begun
    found = [model.forward(values[: place + 1], h=horizon, level=[LEVEL]) for place in places]
    return [np.stack([one[part] for one in found]) for part in ("mean", f"lo-{LEVEL}", f"hi-{LEVEL}")], seconds


def boosted(_name: str, views: pd.Series, last: int, places: np.ndarray, horizon: int):
    """LightGBM as it comes, on the last 28 days and the weekday; its own forecasts are fed back in."""
    import lightgbm

    values, weekdays = views.to_numpy(float), views.index.day_of_week.to_numpy()
    windows = np.lib.stride_tricks.sliding_window_view(values[: last + 1], LAGS + 1)
    begun = time.process_time()
    model = lightgbm.LGBMRegressor(verbosity=-1, n_jobs=1, random_state=0)
    model.fit(np.column_stack([windows[:, :-1], weekdays[LAGS : last + 1]]), windows[:, -1])
    seconds = time.process_time() - begun
    seen = np.stack([values[place + 1 - LAGS : place + 1] for place in places])
    predicted = np.empty((len(places), horizon))
    for ahead in range(horizon):
        inputs = np.column_stack([seen[:, -LAGS:], (weekdays[places] + ahead + 1) % 7])
        predicted[:, ahead] = model.predict(inputs)
        seen = np.column_stack([seen, predicted[:, ahead]])
    return [predicted, np.full_like(predicted, np.nan), np.full_like(predicted, np.nan)], seconds


def nhits(_name: str, views: pd.Series, last: int, places: np.ndarray, horizon: int):
    """neuralforecast's NHITS, stopped by the last fifth of what it may learn from."""
    import torch
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MAE
    from neuralforecast.models import NHITS

    torch.set_num_threads(1)
    frame = pd.DataFrame({"unique_id": "views", "ds": views.index, "y": views.to_numpy(float)})
    model = NHITS(
        h=horizon, input_size=56, max_steps=1000, early_stop_patience_steps=5, val_check_steps=50, loss=MAE(),
        learning_rate=0.001, scaler_type="robust", windows_batch_size=64, accelerator="cpu", logger=False,
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False, random_seed=1,
    )  # fmt: skip
    forecaster = NeuralForecast([model], freq="D")
    begun = time.process_time()
    forecaster.fit(frame[: last + 1], val_size=max((last + 1) // 5, horizon + 1))
    seconds = time.process_time() - begun
    predicted = np.stack([forecaster.predict(frame[: place + 1].tail(400))["NHITS"].to_numpy() for place in places])
    return [predicted, np.full_like(predicted, np.nan), np.full_like(predicted, np.nan)], seconds


PEERS = {"AutoETS": smoothing, "AutoTheta": smoothing, "LightGBM": boosted, "NHITS": nhits}


def main(file: str, out: str, name: str, last: str, horizon: str, *origins: str) -> None:
    warnings.filterwarnings("ignore")
    frame = pd.read_csv(file, parse_dates=["ds"])
    views = pd.Series(frame.y.to_numpy(), pd.DatetimeIndex(frame.ds))
    places = views.index.get_indexer(pd.DatetimeIndex(origins))
    found, seconds = PEERS[name](name, views, views.index.get_loc(pd.Timestamp(last)), places, int(horizon))
    parts = dict(zip(("predicted", "lower", "upper"), (np.maximum(part, 0) for part in found), strict=True))
    np.savez(out, **parts, seconds=seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
