"""The same path without a page: `viewcast read FILE`, and train, diagnose, forecast, backtest likewise.

In a checkout that is not installed: `python -m forecasting read FILE`.

Results go to stdout, everything else to stderr. Exit 0, or 2 with one line that begins `error:`.
"""

import argparse
import os
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from forecasting import __version__
from forecasting.cli.batch import add_batch
from forecasting.cli.channel import add_reading
from forecasting.cli.forecasts import add_forecasts
from forecasting.cli.run_settings import add_run_settings, add_split
from forecasting.lectures.card_groups import GROUPS
from forecasting.messages import BadInput
from forecasting.reading import Question


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that reports like everything else here."""

    def error(self, message: str) -> NoReturn:
        raise BadInput("{message}", message=message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default the one that the program was called with; the exit code."""
    try:
        options = _parser().parse_args(arguments)
        # Commands are named, so that a wrong option does not cost the seconds in which torch is loaded.
        pkgutil.resolve_name(options.command)(options)
    except BadInput as problem:
        print("error:", problem, *_answers(problem), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="viewcast", description="Viewcast on the command line.")
    parser.add_argument("--version", action="version", version=f"Viewcast {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    reader = commands.add_parser("read", help="print a file's daily views as date,views")
    reader.set_defaults(command="forecasting.cli.read:read")
    reader.add_argument("--list", action="store_true", help="list the channels in the file")
    trainer = commands.add_parser("train", help="train a model and print epoch,train,held_out")
    trainer.set_defaults(command="forecasting.cli.train:train")
    doctor = commands.add_parser("diagnose", help="say what is wrong with a model, and on what evidence")
    doctor.set_defaults(command="forecasting.cli.diagnose:diagnose")
    writer = commands.add_parser("homework", help="print a run as a program in plain PyTorch that ends at its losses")
    writer.set_defaults(command="forecasting.cli.homework:homework")
    writer.add_argument("--csv", default="views.csv", help="the file it reads, as `read` prints it")
    writer.add_argument("--notebook", action="store_true", help="a Jupyter notebook instead")
    judge = commands.add_parser("report", help="print what the lectures claim, each claim judged on the channel")
    judge.set_defaults(command="forecasting.cli.report:report")
    judge.add_argument("--markdown", action="store_true", help="a table in Markdown")
    judge.add_argument(
        "--groups", nargs="+", choices=GROUPS, default=list(GROUPS), metavar="GROUP", help=", ".join(GROUPS)
    )
    add_split(judge)
    _add_store(commands)
    add_batch(commands)
    for command in (reader, trainer, doctor, writer, judge, *add_forecasts(commands)):
        add_reading(command)
    for command in (trainer, doctor, writer):
        add_run_settings(command)
    return parser


def _add_store(commands: argparse._SubParsersAction) -> None:
    about = "the store in VIEWCAST_STORE (.viewcast/runs.db in this folder where that is not set)"
    store = commands.add_parser("store", help="back up the store of channels and runs, and put a backup back")
    actions = store.add_subparsers(required=True, metavar="ACTION", parser_class=Parser)
    for name, says in (
        ("backup", f"write {about} to one new file, while Viewcast runs"),
        ("restore", f"put such a file, or any SQLite store, into {about}, which is empty: also a move to PostgreSQL"),
    ):
        action = actions.add_parser(name, help=says, description=says)
        action.add_argument("file", type=Path, metavar="FILE")
        action.set_defaults(command=f"forecasting.cli.store:{name}_store")


def _answers(problem: BadInput) -> list[str]:
    """How to answer a question of the reader's on the command line."""
    if not isinstance(problem, Question):
        return []
    return [f"(give --{problem.asks} with one of: {', '.join(_option(*option) for option in problem.options)})"]


def _option(value: str, label: str) -> str:
    """A value of an option, with what it means where that says more."""
    more = label.removeprefix(f"{value}: ")
    return value if more == value else f"{value} ({more})"


if __name__ == "__main__":
    sys.exit(main())
