"""The lines in the README do what it says."""

import re
from contextlib import nullcontext
from pathlib import Path
from textwrap import dedent

from forecasting.batch import client

README = Path(__file__).parents[3] / "forecasting" / "README.md"


def test_the_lines_of_a_notebook_give_the_table(folder, threads, monkeypatch):
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(client, "open_executor", lambda workers: nullcontext(threads))
    lines = dedent(re.search(r"## Many channels in a notebook\n\n((?: {4}.*\n|\n)+)", README.read_text()).group(1))
    *body, last = lines.replace('"auto"', '"last-week"').strip().splitlines()  # which takes no seconds
    names: dict[str, object] = {}
    exec("\n".join(body), names)  # noqa: S102
    shown = eval(last, names)  # noqa: S307
    assert shown["channel"].tolist()[:2] == ["alpha", "asks"]
    assert shown["total"].notna().sum() == 4
    assert Path("forecasts.parquet").exists()
