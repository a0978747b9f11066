"""Small files that ask for much: each is read or refused at once, and no pattern takes longer than its text is long."""

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from forecasting import continuation, csv_cells, events
from forecasting import reading as readers_package
from forecasting.jobs.reader import Limits
from forecasting.jobs.readers import ReaderPool
from forecasting.messages import BadInput
from forecasting.reading import read_views, shapes
from tests.support.hostile_files import FILES

# What each came to before: minutes, gigabytes, or the end of its process.
BOUNDED = {
    "marks above letters": "60 days",
    "marks above a day": "60 days",
    "marks in a header": "60 days",
    "digits in a number": "60 days",
    "spaces in a day": "60 days",
    "header of 800 kB": "not views",
    "blocks of the same day": "pieces",
    "many sections": "pieces",
    "gzip in many pieces": "damaged",
    "years out of range": "60 days",
    "numbers out of range": "60 days",
    "workbook with a far cell elsewhere": "cells",
    "workbook of long shared texts": "of text",
    "workbook of one text in all cells": "of text",
    "workbook of entities": "60 days",
    "sheet of repeated long texts": "of text",
    "article of brackets": "not a list",
}


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    pool = ReaderPool(Limits(seconds=10.0, memory=500e6))
    yield pool
    pool.close()


@pytest.mark.parametrize("title", BOUNDED)
def test_small_hostile_file_is_read_or_refused_within_limits(pool, title):
    name, make = FILES[title]
    try:
        said = f"{len(pool.run(read_views, make(), name).views)} days"
    except BadInput as refusal:
        said = str(refusal)
    assert BOUNDED[title] in said and "was ended" not in said


UNITS = [
    *" 0aA(),\"'-.:[]$%#<\t日年",
    "1,",
    "jan ",
    "1/",
    "9.",
    "12:00",
    "GMT",
    "+0000",
    "r=",
    '""',
    "<c ",
    "<row ",
    "& ",
]
STARTS = ("", "jan 1")
SHORT, LONG = 3_000, 12_000  # letters
TELLING = 0.02  # seconds of the processor below which a pattern is fast enough to tell nothing


def patterns() -> dict[str, re.Pattern]:
    """Every pattern of the modules that see what a stranger brings, by where it stands."""
    folder = Path(readers_package.__file__).parent
    names = [f"forecasting.reading.{path.stem}" for path in folder.glob("[!_]*.py")]
    modules = [*map(importlib.import_module, names), continuation, csv_cells, events]
    found = {"weekdays": shapes._names(True), "months": shapes._names(False)}
    for module in modules:
        for name, value in vars(module).items():
            several = value if isinstance(value, list) else [value]
            found |= {
                f"{module.__name__}.{name}.{n}": one for n, one in enumerate(several) if isinstance(one, re.Pattern)
            }
        for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and _has_text(node):
                found[f"{module.__name__}:{node.lineno}"] = re.compile(ast.literal_eval(node.args[0]))
    return found


def _has_text(call: ast.Call) -> bool:
    return isinstance(call.args[0], ast.Constant) if call.args else False


def cost(pattern: re.Pattern, start: str, unit: str, letters: int) -> float:
    """Seconds of the processor for a text that the pattern nearly matches, over and over."""
    text = start + unit * (letters // len(unit)) + "\x01"
    given = text if isinstance(pattern.pattern, str) else text.encode()
    begun = time.process_time()
    pattern.search(given)
    pattern.fullmatch(given)
    return time.process_time() - begun


def grows_faster_than_its_text(pattern: re.Pattern) -> bool:
    """Four times as long a text takes ten times as long and more; sixteen times where it goes with the square."""
    return any(
        (long := cost(pattern, start, unit, LONG)) > TELLING and long > 10 * cost(pattern, start, unit, SHORT)
        for start in STARTS
        for unit in UNITS
    )


def test_no_pattern_takes_longer_than_its_text_is_long():
    found = patterns()
    assert len(found) > 40
    assert [name for name, pattern in found.items() if grows_faster_than_its_text(pattern)] == []


def test_a_pattern_that_goes_with_the_square_would_be_found():
    assert grows_faster_than_its_text(re.compile(r"\s*\("))
    assert not grows_faster_than_its_text(re.compile(r"\("))
