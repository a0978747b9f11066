"""Every sentence that a page can show has its Chinese, with the same facts in it."""

import string
from pathlib import Path

import pytest
from babel.messages import extract, pofile

ROOT = Path(__file__).parent.parent
SOURCES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py")), *sorted((ROOT / "forecasting").rglob("*.py"))]


def sentences() -> set[str]:
    found = set()
    for source in SOURCES:
        with source.open("rb") as code:
            found |= {
                message for _line, message, _notes, _context in extract.extract("python", code, {"_": None, "N_": None})
            }
    return found


def facts(sentence: str) -> set[str | None]:
    return {name for _text, name, _form, _conversion in string.Formatter().parse(sentence)} - {None}


@pytest.fixture(scope="module")
def chinese() -> dict[str, str]:
    with (ROOT / "pages" / "locale" / "zh.po").open("rb") as file:
        return {message.id: message.string for message in pofile.read_po(file, locale="zh") if message.id}


def test_no_sentence_is_without_translation(chinese):
    assert {sentence for sentence in sentences() if not chinese.get(sentence)} == set()


def test_no_translation_is_left_over(chinese):
    assert set(chinese) - sentences() == set()


def test_translations_fill_in_the_same_facts(chinese):
    assert {sentence for sentence, words in chinese.items() if facts(sentence) != facts(words)} == set()
