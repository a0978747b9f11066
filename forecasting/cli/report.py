"""`report` prints the report card: what the lectures claim, each claim judged on the channel."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from itertools import groupby

from forecasting.cli.channel import channel_of, words_of
from forecasting.cli.run_settings import split_of
from forecasting.jobs.machine import use_one_thread, worker_environment
from forecasting.lectures.card import (
    Counts,
    Row,
    judge_group,
    row_of,
)
from forecasting.lectures.card_groups import CHEAP_FIRST, GROUPS
from forecasting.lectures.claims import Claim
from forecasting.series import Series
from forecasting.split import Split

COLUMNS = {"answer": "answer", "claim": "claim", "lecture": "lecture", "here": "this channel (90 % interval)"}
Found = list[tuple[str, Claim]]  # with the group of each


def report(options: argparse.Namespace) -> None:
    """Print every claim with the lecture's figure, the channel's and the answer; progress goes to stderr."""
    channel = channel_of(options)
    split = split_of(options, channel)
    print(f"train {split.train}, held-out {split.held_out}", file=sys.stderr)
    known = dict(_judged(channel.series, split, options.groups))
    found = [(slug, claim) for slug in GROUPS if slug in known for claim in known[slug]]
    rows = [row_of(slug, claim, words_of(channel)) for slug, claim in found]
    if options.json:
        for row in rows:
            print(json.dumps(row.plain(), ensure_ascii=False))
        return
    counts = Counts.of([claim for _slug, claim in found])
    print(*(sentence.translated(words_of(channel)) for sentence in counts.sentences))
    (_print_markdown if options.markdown else _print_table)(rows)


def _judged(series: Series, split: Split, groups: list[str]) -> Iterator[tuple[str, list[Claim]]]:
    """The claims of each group, on as many processes as there are processors, cheap groups first."""
    from loky import ProcessPoolExecutor, as_completed  # noqa: PLC0415  as in the pool of workers

    workers = min(os.cpu_count() or 1, len(groups))
    executor = ProcessPoolExecutor(workers, initializer=use_one_thread, env=worker_environment())
    slugs = [slug for slug in CHEAP_FIRST if slug in groups]
    futures = {executor.submit(_claims_of, series, split, slug): slug for slug in slugs}
    try:
        for done, future in enumerate(as_completed(futures), 1):
            if sys.stderr.isatty():
                print(f"\r{done} of {len(slugs)} groups", end="\n" if done == len(slugs) else "", file=sys.stderr)
            yield futures[future], future.result()
    except BaseException:
        executor.shutdown(wait=False, kill_workers=True)
        raise
    executor.shutdown()


def _claims_of(series: Series, split: Split, slug: str) -> list[Claim]:
    return list(judge_group(series, split, slug))


def _print_table(rows: list[Row]) -> None:
    """Columns as wide as they need to be, under the name of each group."""
    cells = [[getattr(row, name) for name in COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(COLUMNS.values(), *cells, strict=True)]
    for group, part in groupby(zip(rows, cells, strict=True), lambda both: both[0].group):
        print(f"\n{group}")
        for _row, line in part:
            print("  " + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _print_markdown(rows: list[Row]) -> None:
    heads = ("group", *COLUMNS.values())
    print(f"\n| {' | '.join(heads)} |\n|{' --- |' * len(heads)}")
    for row in rows:
        line = (row.group, *(getattr(row, name) for name in COLUMNS))
        print(f"| {' | '.join(text.replace('|', '/') for text in line)} |")
