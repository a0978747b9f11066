"""The copy of a checkout in which mutants are tried, and its modules."""

import hashlib
import shutil
import sys
from pathlib import Path

from tests.benchmark.mutants import CODE
from tests.benchmark.mutants.changes import Source
from tests.benchmark.mutants.forks import OUTPUT, in_process
from tests.benchmark.mutants.reach import join, measure

NOT_COPIED = (".git", ".venv", "*.pyc", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".coverage*")


def prepare(root: Path, work: Path) -> Path:
    """A copy of the tree in `work`, measured unless it was before."""
    copy, known = work / "copy", work / "digest"
    digest = _digest(root)
    if not (known.exists() and known.read_text() == digest):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
        for old in work.glob("coverage*"):
            old.unlink()
        print("measuring which tests reach which lines", flush=True)
        if in_process(measure, copy, work):
            sys.exit(f"The tests do not pass as they are; see {work / OUTPUT}.")
        join(work)
        known.write_text(digest)
    return copy


def _digest(root: Path) -> str:
    files = sorted(file for folder in (CODE, "pages", "tests") for file in (root / folder).rglob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def read(copy: Path) -> dict[str, Source]:
    """Modules that are changed, and those beside them that name things."""
    paths = sorted(str(file.relative_to(copy)) for file in (copy / CODE).rglob("*.py"))
    return {path: Source(copy, path) for path in paths}
