"""`train` trains a model and prints its losses, epoch by epoch."""

import argparse
import json
import sys
from collections.abc import Iterable

import numpy as np

from forecasting.cli.channel import channel_of
from forecasting.cli.run_settings import run_settings
from forecasting.jobs.machine import use_one_thread
from forecasting.models.fitting import build, fit
from forecasting.networks.training import diverged
from forecasting.series import Channel
from forecasting.settings import RunSettings
from forecasting.windows import run_windows


def train(options: argparse.Namespace) -> None:
    """Print a row an epoch: means over seeds as CSV, or every column as JSON."""
    channel = channel_of(options)
    settings = run_settings(options, channel)
    print(f"split: train {settings.split.train}, held out {settings.split.held_out}", file=sys.stderr)
    if not options.json:
        print("epoch,train,held_out")
    for row in _trained(channel, settings):
        if options.json:
            print(
                json.dumps(
                    {
                        name: value.tolist() if isinstance(value, np.ndarray) else value
                        for name, value in vars(row).items()
                    }
                )
            )
        else:
            print(f"{row.epoch},{row.train_loss.mean():.6g},{row.held_out_loss.mean():.6g}")
        _progress(row.epoch, settings.training.epochs, row.seconds)


def _trained(channel: Channel, settings: RunSettings) -> Iterable:
    data = run_windows(channel.series, settings)

    use_one_thread()
    for row in fit(build(settings), data, settings):
        yield row
        if not row.finite:
            raise diverged(row)


def _progress(epoch: int, epochs: int, seconds: float) -> None:
    if sys.stderr.isatty():
        print(
            f"\repoch {epoch} of {epochs}, {seconds / epoch * (epochs - epoch):.0f} s left ",
            end="\n" if epoch == epochs else "",
            file=sys.stderr,
        )
