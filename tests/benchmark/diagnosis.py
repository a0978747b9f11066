"""Diagnosis on problems whose answer is known: confusion matrix, share right, share confidently wrong, calibration.

    python -m tests.benchmark.diagnosis [--half mild] [--each 8] [--first 0] [--workers 2]

A problem with two faults is right with either; how often both are named stands apart. Thresholds in forecasting/ were
chosen on the tuning half. After a first look at the fresh half (105 problems, 90.5 % right, 1.9 % confidently wrong)
rules were changed, so its causes are known since; other seeds (`--first`) draw other problems of them.
"""

import argparse
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context

import numpy as np

from forecasting.jobs.machine import use_one_thread, worker_environment
from forecasting.series import Series
from forecasting.windows import run_windows
from tests.benchmark.problems import HALVES, Problem, has_its_answer, make_problem, problems

TRIES, AGAIN = 8, 100  # draws of a problem, and what is added to its seed from one to the next
BINS = (0.6, 0.75, 0.9, 0.95, 1.0)  # edges of confidence; below the first no verdict is given
BRANCHES = ("bias", "optimization", "overfitting", "mismatch", "fine", "cannot tell")


@dataclass(frozen=True)
class Answer:
    """What came out of one problem."""

    truth: frozenset[str]
    cause: str
    branch: str
    others: tuple[str, ...]
    confident: bool
    confidence: float | None
    probabilities: dict[str, float]
    numbers: str

    @property
    def right(self) -> bool:
        return self.branch in self.truth

    @property
    def both(self) -> bool:
        return self.truth <= {self.branch, *self.others}


def answer(asked: tuple) -> Answer | None:
    """Diagnose one problem, in a worker. A draw without the answer it was made to have is drawn anew, or left out."""
    from forecasting.diagnosis.evidence import gather
    from forecasting.diagnosis.tree import diagnose

    *kind, seed = asked
    for again in range(TRIES):
        problem = make_problem(*kind, seed + AGAIN * again)
        train_loss, predicted = ran(problem)
        if has_its_answer(problem, predicted):
            break
    else:
        return None
    found = gather(Series(problem.views), problem.settings, train_loss=train_loss, predicted=predicted)
    said = diagnose(found)
    numbers = (
        f"train {found.train:.4g} validation {found.validation:.4g} held-out {found.held_out:.4g}"
        f" best {found.best.validation:.4g} ({found.best.name}) linear {found.linear_train:.4g}"
        f" tuned {found.tuned_train:.4g} regret {found.regret.value:.0%} shift {found.shift.value:.0%}"
    )
    facts = {name: getattr(said, name) for name in ("branch", "others", "confident", "confidence", "probabilities")}
    return Answer(problem.answers, problem.cause, numbers=numbers, **facts)


def ran(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Training losses (seeds,) and held-out forecasts (seeds, days) of the problem's run."""
    from forecasting.models.fitting import build, fit
    from forecasting.networks.training import predict

    data, model = run_windows(Series(problem.views), problem.settings), build(problem.settings)
    for row in fit(model, data, problem.settings):  # noqa: B007  the last one counts
        pass
    return row.train_loss, predict(model, data, data.held_out)


def show(answers: list[Answer], half: str) -> None:
    """The matrix and the shares of one half."""
    print(f"\n{half} half: {len(answers)} problems\n{'truth':<24}" + "".join(f"{name:>14}" for name in BRANCHES))
    for truth in HALVES[half]:
        counts = Counter(each.branch for each in answers if each.truth == frozenset(truth.split("+")))
        print(f"{truth:<24}" + "".join(f"{counts[name] or '.':>14}" for name in BRANCHES))
    share = {
        "right": sum(each.right for each in answers),
        "confidently right": sum(each.confident and each.right for each in answers),
        "confidently wrong": sum(each.confident and not each.right for each in answers),
        "cannot tell": sum(each.branch == "cannot tell" for each in answers),
    }
    print(", ".join(f"{name} {count / len(answers):.1%}" for name, count in share.items()))
    two = [each for each in answers if len(each.truth) == 2]
    print(f"both named where there are two faults: {sum(each.both for each in two)} of {len(two)}")
    for cause in dict.fromkeys(each.cause for each in answers):
        mine = [each for each in answers if each.cause == cause]
        print(f"  {cause:<34} {sum(each.right for each in mine):>3} of {len(mine)}")


def calibration(answers: list[Answer]) -> list[tuple[float, float, int, int]]:
    """Of every bin of confidence: its edges, how many verdicts fell into it, and how many of them are right."""
    rows = []
    for low, high in pairwise(BINS):
        mine = [one for one in answers if one.confidence is not None and low <= one.confidence < high]
        if high == BINS[-1]:
            mine += [one for one in answers if one.confidence == high]
        rows.append((low, high, len(mine), sum(one.right for one in mine)))
    return rows


def show_calibration(answers: list[Answer]) -> None:
    """How often verdicts are right that are called so sure."""
    print("how sure          verdicts    right")
    for low, high, count, right in calibration(answers):
        share = f"{right / count:.0%}" if count else "–"
        print(f"{low:>5.0%} to {high:<5.0%} {count:>11} {share:>8}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=[*HALVES], help="all without")
    parser.add_argument("--each", type=int, default=8, help="problems a cause")
    parser.add_argument("--first", type=int, default=0, help="first seed, below 100")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--wrong", action="store_true", help="show the numbers of what went wrong")
    given = parser.parse_args()
    os.environ |= worker_environment()
    with ProcessPoolExecutor(given.workers, get_context("spawn"), initializer=use_one_thread) as workers:
        for half in [given.half] if given.half else HALVES:
            asked = problems(half, given.each, given.first)
            answers = [each for each in workers.map(answer, asked) if each]
            show(answers, half)
            show_calibration(answers)
            for each in answers:
                if given.wrong and not each.right:
                    probabilities = {name: round(one, 2) for name, one in each.probabilities.items()}
                    print(f"  {each.cause}: {each.branch} for {'+'.join(each.truth)}; {each.numbers}; {probabilities}")


if __name__ == "__main__":
    main()
