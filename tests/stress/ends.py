"""How a trial with a forged file ended: as it should, or by an error that nobody foresaw."""

import sys
import traceback
from collections.abc import Callable


def end_of(number: int, act: Callable[[], str]) -> str:
    """What `act` says of the file of this number; "TRACEBACK", and its end on stderr, where it raises."""
    try:
        return act()
    except BaseException as error:  # a panic of a library is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        print(f"file {number}:", "".join(traceback.format_exception(error)[-3:]), file=sys.stderr, flush=True)
        return "TRACEBACK"
