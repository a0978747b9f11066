"""How many small faults the fast tests see: random one-place changes in forecasting/, each run on the tests it reaches.

    python -m tests.benchmark.mutants [FOLDER] [--mutants 200] [--seed 1] [--seconds 60] [--work FOLDER] [--list]

By hand only: it needs the project with what its tests need, and `pip install cosmic-ray coverage` on top. All tests run
once at first, then a mutant takes about ten seconds of one core. FOLDER is the root of a checkout (this one without);
it is copied and never touched. What is copied and measured stays in --work for another draw of the same code.

What is changed comes from cosmic-ray: an operator for its neighbour, a number by one, a condition turned round, True
for False, a loop that never runs, an exception that is not caught, a decorator gone. A place is drawn first and then
one of its changes, so that a plus with many neighbours counts no more than a number. Left out are charts, types, texts,
and settings of a call that matter only where another fault is (LEFT_OUT, DEFENSIVE, CACHES).

Which tests reach a line is measured: coverage with a context a test, in processes that tests start too. A constant of a
module reaches the tests of functions that name it. The tests of the module's own file come first, then the fastest,
the slow ones last; the first failure ends it. Tests that take more than --seconds together, as measured, are cut off
there, which is said of a survivor.
"""

import argparse
import importlib
import os
import random
import sys
import tempfile
from itertools import islice
from pathlib import Path

from tests.benchmark.mutants import HERE
from tests.benchmark.mutants.changes import draw
from tests.benchmark.mutants.copies import prepare, read
from tests.benchmark.mutants.reach import Tests
from tests.benchmark.mutants.trial import Result, say, summary, tried

LEFT_OUT = ("forecasting/charts/",)  # looks
PRELOADED = ("torch", "pandas", "sqlalchemy", "altair", "pyarrow", "sklearn.ensemble", "sklearn.svm", "statsmodels.api")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=HERE, help="root of a checkout")
    parser.add_argument("--mutants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn")
    parser.add_argument("--seconds", type=float, default=60, help="of tests a mutant at most, as measured without it")
    parser.add_argument("--work", type=Path, help="where copy and coverage are kept for the next time")
    parser.add_argument("--list", action="store_true", help="draw and print, try none")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    work = (asked.work or Path(tempfile.mkdtemp(prefix="mutants-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    for module in PRELOADED:
        importlib.import_module(module)
    copy = prepare(asked.folder.resolve(), work)
    sources = read(copy)
    tests = Tests(work, copy, sources)
    changed = {path: source for path, source in sources.items() if not path.startswith(LEFT_OUT)}
    drawn = islice(draw(changed, random.Random(asked.seed)), asked.mutants)
    if asked.list:
        for mutant in drawn:
            print(mutant.where, mutant.what, f"[{len(tests.reached_by(mutant.change))} tests]")
        return
    sys.dont_write_bytecode = True  # compiled files of the copy stay those of the measurement
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    report([shown(tried(mutant, tests, copy, asked.seconds)) for mutant in drawn])


def shown(result: Result) -> Result:
    print(say(result), flush=True)
    return result


def report(results: list[Result]) -> None:
    for outcome in ("survived", "timed out"):
        lines = sorted(say(each) for each in results if each.outcome == outcome)
        print(f"\n{outcome}", *lines, sep="\n")
    print(f"\n{summary(results)}")


if __name__ == "__main__":
    main()
