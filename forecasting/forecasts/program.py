"""A run as a Python program: the same file read the same way, the same settings, the same training."""

from dataclasses import fields
from typing import Any

from forecasting.reading import Choice
from forecasting.settings import Architecture, RunSettings
from forecasting.split import Period

ALWAYS = {Architecture: ("family", "window")}  # said although they may be the defaults
PROGRAM = """\
from datetime import date
from pathlib import Path

from forecasting.models.fitting import build, fit
from forecasting.reading import Choice, read_views
from forecasting.settings import Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.split import Period, Split
from forecasting.models.trained_run import of_run
from forecasting.windows import run_windows

file = Path({file!r})
channel = read_views(file.read_bytes(), file.name, {choice})
settings = RunSettings(
    Split({train}, {held_out}),
    {architecture},
    {training},
    {inputs},
    {regularisation},
)
data = run_windows(channel.series, settings)
model = build(settings)
for row in fit(model, data, settings):
    print(row.epoch, row.train_loss.mean(), row.held_out_loss.mean())

run = of_run(settings, model, channel.series)
print(run.predict(channel.series, channel.views.index[-1:], {horizon})[0])
"""
FROM_FILE = """\
from pathlib import Path
from forecasting.reading import read_views
from forecasting.forecasts.model_file import load_model

channel, model = read_views(Path({file!r}).read_bytes(), {file!r}), load_model(Path({model!r}).read_bytes())
print(model.forecast(channel.series, horizon={horizon}).to_frame())
"""


def program_of(settings: RunSettings, file: str, said: dict[str, Any], *, horizon: int) -> str:
    """Trains the run of `settings` on the channel in `file`, and prints a forecast of `horizon` days.

    `said` are the fields of reading.Choice with which the file was read.
    """
    parts = {name: call(getattr(settings, name)) for name in ("architecture", "training", "inputs", "regularisation")}
    periods = {name: period(getattr(settings.split, name)) for name in ("train", "held_out")}
    return PROGRAM.format(file=file, choice=call(Choice(**said)), horizon=horizon, **parts, **periods)


def program_from_file(file: str, model: str, horizon: int) -> str:
    """Prints the forecast of `horizon` days that the model file `model` makes of the channel in `file`."""
    return FROM_FILE.format(file=file, model=model, horizon=horizon)


def call(record) -> str:
    """A settings record as the call that makes it, without what is by default."""
    said = {
        setting.name: getattr(record, setting.name)
        for setting in fields(record)
        if getattr(record, setting.name) != setting.default or setting.name in ALWAYS.get(type(record), ())
    }
    return f"{type(record).__name__}({', '.join(f'{name}={value!r}' for name, value in said.items())})"


def period(days: Period) -> str:
    """A period as the call that makes it."""
    ends = (f"date({day.year}, {day.month}, {day.day})" for day in (days.first, days.last))
    return f"Period({', '.join(ends)})"
