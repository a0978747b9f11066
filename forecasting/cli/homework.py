"""`homework` prints a run in plain PyTorch, as a program or as a notebook."""

import argparse
import sys

from forecasting.cli.channel import channel_of
from forecasting.cli.run_settings import run_settings
from forecasting.forecasts.homework import Homework, as_notebook, as_program, why_not
from forecasting.messages import BadInput


def homework(options: argparse.Namespace) -> None:
    """Print what trains the run again from the file that `read` prints."""
    channel = channel_of(options)
    settings = run_settings(options, channel)
    if why := why_not(settings):
        raise BadInput(why.text, **why.facts)
    run = Homework(settings, channel.series, options.csv, settings.training.epochs)
    sys.stdout.write(as_notebook(run).decode() if options.notebook else as_program(run))
