"""`store backup` and `store restore`: the store that VIEWCAST_STORE names, in one file and back.

The address is never an argument: it may hold a password, and everybody on a machine sees the arguments of programs.
"""

import argparse
import os
from pathlib import Path

from forecasting.jobs.copying import back_up, restore
from forecasting.jobs.troubles import SILENT, trouble_of
from forecasting.messages import BadInput

BY_DEFAULT = Path(".viewcast", "runs.db")  # where the app keeps it, from its own folder


def backup_store(options: argparse.Namespace) -> None:
    """Write the store to a file."""
    _said_in_words(lambda: back_up(_address(there=True), options.file))
    print(options.file)


def restore_store(options: argparse.Namespace) -> None:
    """Put a file into the store; prints table,rows."""
    for table, rows in _said_in_words(lambda: restore(options.file, _address(there=False))).items():
        print(f"{table},{rows}")


def _address(*, there: bool) -> str:
    if url := os.environ.get("VIEWCAST_STORE"):
        return url
    if there and not BY_DEFAULT.exists():
        raise BadInput("There is no store at {place}; name one in VIEWCAST_STORE.", place=BY_DEFAULT)
    BY_DEFAULT.parent.mkdir(exist_ok=True)
    return f"sqlite:///{BY_DEFAULT.as_posix()}"


def _said_in_words(act):
    """What it comes to; a database's trouble is one sentence."""
    try:
        return act()
    except Exception as error:
        if (trouble := trouble_of(error)) is None:
            raise
        if trouble.message.text == SILENT:
            raise BadInput("The store does not answer. Is its server running?") from error
        raise BadInput(trouble.message.text, **trouble.message.facts) from error
