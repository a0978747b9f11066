"""The sentences that a page can show, and their catalogue.

    python -m pages.locale.catalogue

brings zh.po up to date with the code: new sentences come in without words, those that are gone leave, and one that was
only changed keeps its old words, marked fuzzy until somebody has read them. `make words` runs it.
"""

import ast
import io
from pathlib import Path
from typing import BinaryIO

from babel.messages import pofile
from babel.messages.catalog import Catalog

ROOT = Path(__file__).parent.parent.parent
LOCALE = Path(__file__).parent
SIMPLIFIED = LOCALE / "zh.po"
FOLDERS = ("pages", "forecasting")
# Functions whose first argument is a sentence, or whose first two are its singular and its plural.
KEYWORDS = {"N_", "translate"}
HEADER = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {language}\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""


def found_in_code() -> Catalog:
    """Every sentence with the files that say it. Without line numbers, which would change with every line of code."""
    found = Catalog(locale="zh")
    for file in [ROOT / "app.py", *sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))]:
        with file.open("rb") as code:
            for sentence in sentences_in(code):
                found.add(sentence, locations=[(file.relative_to(ROOT).as_posix(), 0)])
    return found


def sentences_in(code: BinaryIO) -> list[str | tuple[str, ...]]:
    """Marked sentences of a file of Python; singular and plural as a pair.

    Only literals count: babel's own extractor takes the "family" of `translate(LABELS["family"])` for a sentence.
    """
    calls = (node for node in ast.walk(ast.parse(code.read())) if isinstance(node, ast.Call))
    marked = (call for call in calls if _name(call.func) in KEYWORDS and call.args)
    return [sentence for call in marked for sentence in _sentences(call)]


def _sentences(call: ast.Call) -> list[str | tuple[str, ...]]:
    """The sentence of a call, both of `translate("a" if one else "b")`, or singular and plural."""
    literals = [_literals(argument) for argument in call.args[:2]]
    if len(literals) == 2 and literals[0] and literals[1]:
        return [(literals[0][0], literals[1][0])]
    return [*literals[0]]


def _literals(argument: ast.expr) -> list[str]:
    if isinstance(argument, ast.IfExp):
        return _literals(argument.body) + _literals(argument.orelse)
    return [argument.value] if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else []


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def read(file: Path = SIMPLIFIED) -> Catalog:
    """A catalogue of Chinese, Simplified where no other file is named."""
    with file.open("rb") as po:
        return pofile.read_po(po, locale="zh")


def updated(catalogue: Catalog, found: Catalog) -> str:
    """The text of the catalogue, brought up to date with what was found."""
    catalogue.update(found)
    for message in catalogue:
        message.flags.discard(
            "python-format"
        )  # facts stand in braces: a sentence with "50 % of" in it is no such format
    return written(catalogue)


def written(catalogue: Catalog) -> str:
    """The text of a catalogue, sorted, so that equal ones give equal text."""
    text = io.BytesIO()
    pofile.write_po(
        text, catalogue, width=120, omit_header=True, include_lineno=False, sort_output=True, ignore_obsolete=True
    )
    return HEADER.format(language=catalogue.locale_identifier) + text.getvalue().decode().strip() + "\n"


if __name__ == "__main__":
    SIMPLIFIED.write_text(updated(read(), found_in_code()), encoding="utf-8")
    untold = [message.id for message in read() if message.id and (not message.string or message.fuzzy)]
    print(*untold, f"{len(untold)} sentences of {SIMPLIFIED.relative_to(ROOT)} need words", sep="\n")
