"""The same path without a page: `viewcast read FILE`, and train, diagnose, forecast, backtest likewise.

In a checkout that is not installed: `python -m forecasting read FILE`.

Results go to stdout, everything else to stderr. Exit 0, or 2 with one line that begins `error:`.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting import __version__
from forecasting.cli.channel import add_reading, bytes_of, channel_of, choice_of
from forecasting.cli.forecasts import add_forecasts
from forecasting.diagnosis.branches import NAMES
from forecasting.jobs.machine import use_one_thread
from forecasting.messages import BadInput
from forecasting.reading import Question, list_channels
from forecasting.series import Channel
from forecasting.settings import BOUNDS, CHOICES, Architecture, Inputs, Regularisation, RunSettings, Training
from forecasting.split import Period, Split, clipped, default_split
from forecasting.windows import run_windows

RECORDS = (Architecture, Training, Inputs, Regularisation)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that reports like everything else here."""

    def error(self, message: str) -> None:
        raise BadInput("{message}", message=message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default the one that the program was called with; the exit code."""
    try:
        options = _parser().parse_args(arguments)
        options.command(options)
    except BadInput as problem:
        print("error:", problem, *_answers(problem), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


def read(options: argparse.Namespace) -> None:
    """Print `date,views`; what was corrected goes to stderr."""
    if options.list:
        print(*list_channels(bytes_of(options.file), Path(options.file).name, choice_of(options)), sep="\n")
        return
    channel = channel_of(options)
    if options.json:
        for day, views in channel.views.items():
            print(json.dumps({"date": str(day.date()), "views": None if np.isnan(views) else views}))
        return
    table = pd.DataFrame({"date": channel.views.index.date, "views": channel.views.to_numpy()})
    table.to_csv(sys.stdout, index=False, lineterminator="\n", float_format="%.15g")


def train(options: argparse.Namespace) -> None:
    """Print a row an epoch: means over seeds as CSV, or every column as JSON."""
    channel = channel_of(options)
    settings = _settings(options, channel)
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


def diagnose(options: argparse.Namespace) -> None:
    """Print what is wrong with a model of these settings, how sure that is, on what evidence, and what to try next."""
    channel = channel_of(options)
    settings = _settings(options, channel)
    from forecasting.diagnosis.evidence import gather  # noqa: PLC0415
    from forecasting.diagnosis.tree import diagnose as verdict_on  # noqa: PLC0415  seconds a wrong option should not cost

    use_one_thread()
    found = verdict_on(gather(channel.views, settings, filled=channel.filled))
    evidence = [sentence.translated() for sentence in found.evidence]
    now = settings.flat()
    tried = (
        {name: value for name, value in found.next_run.flat().items() if now[name] != value} if found.next_run else {}
    )
    if options.json:
        print(json.dumps({"verdict": found.branch, "sure": round(found.sure, 3), "evidence": evidence, "next": tried}))
        return
    print(f"{NAMES[found.branch]} ({found.sure:.2f})", *(f"- {sentence}" for sentence in evidence), sep="\n")
    if tried:
        print("try next:", ", ".join(f"{name} {value}" for name, value in tried.items()))


def _trained(channel: Channel, settings: RunSettings) -> Iterable:
    data = run_windows(channel.views, settings, channel.filled)
    from forecasting.jobs import diverged  # noqa: PLC0415
    from forecasting.models.fitting import build, fit  # noqa: PLC0415  seconds that a wrong option should not cost

    use_one_thread()
    for row in fit(build(settings), data, settings):
        yield row
        if not row.finite:
            raise diverged(row)


def _settings(options: argparse.Namespace, channel: Channel) -> RunSettings:
    if (options.train is None) != (options.held_out is None):
        raise BadInput("give both --train and --held-out, or neither")
    if options.train:
        split = clipped(Split(Period.parse(options.train), Period.parse(options.held_out)), channel.views)
    else:
        split = default_split(channel.views)
    options.batch_size = 0 if options.batch == "all" else _whole(options.batch)
    return RunSettings(split, *(_record(kind, options) for kind in RECORDS))


def _record(kind: type, options: argparse.Namespace):
    return kind(**{setting.name: getattr(options, setting.name) for setting in fields(kind)})


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="viewcast", description="Viewcast on the command line.")
    parser.add_argument("--version", action="version", version=f"Viewcast {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    reader = commands.add_parser("read", help="print a file's daily views as date,views")
    reader.set_defaults(command=read)
    reader.add_argument("--list", action="store_true", help="list the channels in the file")
    trainer = commands.add_parser("train", help="train a model and print epoch,train,held_out")
    trainer.set_defaults(command=train)
    doctor = commands.add_parser("diagnose", help="say what is wrong with a model, and on what evidence")
    doctor.set_defaults(command=diagnose)
    for command in (reader, trainer, doctor, *add_forecasts(commands)):
        add_reading(command)
    period = {"metavar": "FIRST:LAST", "help": "such as 2017-01-01:2021-12-31"}
    for command in (trainer, doctor):
        command.add_argument("--train", **period)
        command.add_argument("--held-out", **period)
        command.add_argument("--batch", default=str(Training.batch_size), metavar="N|all", help="windows an update")
        for kind in RECORDS:
            _add_settings(command, kind)
    return parser


def _add_settings(parser: argparse.ArgumentParser, kind: type) -> None:
    """An option for every setting, with its bounds and default."""
    for setting in fields(kind):
        flag, default = "--" + setting.name.replace("_", "-"), setting.default
        if setting.name in CHOICES:
            parser.add_argument(flag, choices=CHOICES[setting.name], default=default)
        elif isinstance(default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=default)
        elif setting.name in BOUNDS and setting.name != "batch_size":
            low, high = BOUNDS[setting.name]
            parser.add_argument(
                flag, type=type(default), default=default, help=f"{low} to {high}; {default} by default"
            )
    if kind is Inputs:
        parser.add_argument("--country", default=Inputs.country, help="whose public holidays are an input, such as TW")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise BadInput("--batch takes a whole number or “all”, not “{text}”", text=text)
    return int(text)


def _answers(problem: BadInput) -> list[str]:
    """How to answer a question of the reader's on the command line."""
    if not isinstance(problem, Question):
        return []
    return [f"(give --{problem.asks} with one of: {', '.join(value for value, _label in problem.options)})"]


def _progress(epoch: int, epochs: int, seconds: float) -> None:
    if sys.stderr.isatty():
        print(
            f"\repoch {epoch} of {epochs}, {seconds / epoch * (epochs - epoch):.0f} s left ",
            end="\n" if epoch == epochs else "",
            file=sys.stderr,
        )


if __name__ == "__main__":
    sys.exit(main())
