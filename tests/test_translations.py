"""Every sentence that a page can show has its Chinese, with the same facts in it."""

import io
import string

import pytest
from babel.messages.catalog import Catalog

from pages.locale import catalogue


def facts(sentence: str) -> set[str | None]:
    return {name for _text, name, _form, _conversion in string.Formatter().parse(sentence)} - {None}


def singular_and_plural(id: str | tuple[str, ...]) -> tuple[str, ...]:
    return (id,) if isinstance(id, str) else id


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    return catalogue.read()


@pytest.fixture(scope="module")
def found() -> Catalog:
    return catalogue.found_in_code()


def test_no_sentence_is_without_translation(chinese, found):
    def translated(message) -> bool:
        own = chinese.get(message.id)
        return own is not None and all(singular_and_plural(own.string)) and not own.fuzzy

    assert {message.id for message in found if message.id and not translated(message)} == set()


def test_no_translation_is_left_over(chinese, found):
    assert {message.id for message in chinese if message.id and found.get(message.id) is None} == set()


def test_translations_fill_in_the_same_facts(chinese):
    for message in chinese:
        if message.id:
            wanted = facts(singular_and_plural(message.id)[-1])
            assert all(facts(words) == wanted for words in singular_and_plural(message.string)), message.id


def catalogue_of(**words: str) -> Catalog:
    made = Catalog(locale="zh")
    for sentence, translation in words.items():
        made.add(sentence, translation)
    return made


def test_singular_and_plural_are_one_message():
    code = b"""translate("one view"); N_("{count} day", "{count} days"); translate("{n} run", "{n} runs", n)"""
    sentences = catalogue.sentences_in(io.BytesIO(code))
    assert {"one view", ("{count} day", "{count} days"), ("{n} run", "{n} runs")} <= set(sentences)
    assert not {"not this", "{n} run"} & set(sentences)


def test_update_keeps_words_takes_out_what_is_gone_and_marks_what_was_changed(tmp_path):
    old = catalogue_of(Same="一样", Gone="没了", **{"The loss on held-out days.": "留出日的损失。"})
    new = Catalog(locale="zh")
    new.add("Same", locations=[("pages/train.py", None)])
    new.add("The loss on the held-out days.", locations=[("pages/train.py", None)])
    new.add(("{count} day", "{count} days"), locations=[("pages/data.py", None)])
    file = tmp_path / "zh.po"
    file.write_text(catalogue.updated(old, new), encoding="utf-8")
    read = catalogue.read(file)
    assert {message.id: (message.string, message.fuzzy) for message in read if message.id} == {
        "Same": ("一样", False),
        "The loss on the held-out days.": ("留出日的损失。", True),
        ("{count} day", "{count} days"): (("",), False),  # Chinese has one form
    }
    assert read["Same"].locations == [("pages/train.py", None)]
    assert catalogue.updated(read, new) == file.read_text("utf-8")
