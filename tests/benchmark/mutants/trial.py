"""A mutant in its place, the tests that reach it, and how it fared."""

import os
import re
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.benchmark.mutants.changes import Mutant
from tests.benchmark.mutants.forks import OUTPUT, in_process
from tests.benchmark.mutants.reach import Tests


class Result(NamedTuple):
    """How a mutant fared."""

    mutant: Mutant
    outcome: str  # caught, survived, timed out
    tests: int
    seconds: float
    note: str = ""


def tried(mutant: Mutant, tests: Tests, copy: Path, limit: float) -> Result:
    """Put the mutant in its place in the copy, run what reaches it, and put things back."""
    chosen, cut = within(tests.reached_by(mutant.change), tests.seconds, limit)
    if not chosen:
        return Result(mutant, "survived", 0, 0.0, "no test reaches it")
    file, begun = copy / mutant.change.path, time.perf_counter()
    before, stamp = file.read_bytes(), file.stat()
    file.write_text(mutant.source, "utf-8")
    os.utime(file, (stamp.st_atime, stamp.st_mtime + 10_000))  # so that no compiled file is taken for its own
    try:
        code = in_process(run_tests, copy, chosen, limit=20 + 3 * sum(tests.seconds[test] for test in chosen))
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    outcome = {None: "timed out", 0: "survived"}.get(code, "caught")
    note = failure(copy) if outcome == "caught" else "tests cut off" if cut and outcome == "survived" else ""
    return Result(mutant, outcome, len(chosen), time.perf_counter() - begun, note)


def failure(copy: Path) -> str:
    """The test that failed, as pytest sums it up."""
    found = re.search(r"^(FAILED|ERROR) (\S+)", (copy.parent / OUTPUT).read_text("utf-8", "replace"), re.MULTILINE)
    return found[2] if found else "it broke down"


def within(tests: list[str], seconds: dict[str, float], limit: float) -> tuple[list[str], bool]:
    """As many tests as take `limit` seconds, and whether any were cut off."""
    spent, chosen = 0.0, []
    for test in tests:
        spent += seconds[test]
        if chosen and spent > limit:
            return chosen, True
        chosen.append(test)
    return chosen, False


def run_tests(copy: Path, tests: list[str]) -> None:
    """Up to the first failure."""
    sys.exit(pytest.main(["-x", "-p", "no:cacheprovider", *tests]))


def say(result: Result) -> str:
    tests = f"{result.tests} tests, {result.seconds:.1f} s" + (f", {result.note}" if result.note else "")
    return f"{result.outcome:9} {result.mutant.where}  {result.mutant.what}  [{tests}]"


def summary(results: list[Result]) -> str:
    counts = {
        outcome: sum(each.outcome == outcome for each in results) for outcome in ("caught", "survived", "timed out")
    }
    seen = (counts["caught"] + counts["timed out"]) / max(len(results), 1)
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    return f"{len(results)} mutants: {said}; seen {seen:.0%}"
