"""Names that strangers gave are shown as they are, on every page: no link, picture, formula or list."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from google.protobuf.message import Message
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from forecasting import owners
from forecasting.metric_names import LOOK_ALIKES, in_metric
from forecasting.names import JOINER, apart, clean_name
from pages.parts import session
from pages.parts.chapters import CHAPTERS
from tests.support.hostile_names import HOSTILE, MARK, fill_hostile, hostile_channel

OWN_PAGES = ("data", "channels", "train", "compare", "forecast", "goals", "past_forecasts", "walkthrough/report_card")
MARKDOWN = {"body", "label", "help", "content", "options", "captions", "title", "delta"}  # fields that are read as such
PLAIN = {
    "text",
    "code",
    "selectbox",
    "multiselect",
    "arrow_data_frame",
    "text_area",
    "text_input",
}  # elements that are not
EXPRESSIONS = {"expr", "calculate", "filter", "test", "signal", "update"}  # of Vega
BLOCKS = ("bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td", "strong", "heading", "paragraph")
# What the pages make of Markdown themselves.
HARMLESS = {f"{kind}_{end}" for kind in BLOCKS for end in ("open", "close")}
HARMLESS |= {"softbreak", "hardbreak", "inline", "text", ":small[", ":gray["}
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Streamlit reads these in the text itself, whatever was escaped; and those only where their sign is not.
IN_TEXT = r":material/\w+:|:streamlit:|https?://|www\.|@\w+\.|->|<-|>=|--"
IN_SOURCE = r"(?<!\\)(?:\$|:\w+\[|:[\w+-]+:|&\w+;)"


def protos(node: Any) -> Iterator[tuple[str, Message]]:
    """Every element and block of an app, with its kind."""
    if getattr(node, "proto", None) is not None:
        yield node.type, node.proto
    if isinstance(node, Block):
        for child in node.children.values():
            yield from protos(child)


def texts(proto: Message) -> Iterator[tuple[str, str]]:
    """Every text in it, with its field."""
    for field, value in proto.ListFields():
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                yield from texts(one)
            elif isinstance(one, str):
                yield field.name, one


def read(markdown: str) -> tuple[str, set[str]]:
    """The text that a visitor sees, and whatever else Markdown makes of it."""
    tokens = [token for block in READER.parse(markdown) for token in (block, *(block.children or ()))]
    seen = "".join(token.content for token in tokens if token.type in ("text", "code_inline", "fence", "code_block"))
    kinds = {token.type for token in tokens}
    kinds |= {found[0] for found in re.finditer(IN_TEXT, seen)} | {
        found[0] for found in re.finditer(IN_SOURCE, markdown)
    }
    return seen.replace(JOINER, ""), kinds


def left_over(seen: str) -> str:
    """The text without the names in it, as they were given or as they stand for what is counted."""
    clean = [clean_name(name) for name in HOSTILE]
    known = sorted({*clean, *(name.translate(LOOK_ALIKES) for name in clean)}, key=len, reverse=True)
    for name in known:
        seen = seen.replace(name, "")
    return re.sub(MARK + "x+", "", seen)


def faults(app: AppTest) -> list[tuple]:
    """Every name on a page that is not shown as it is."""
    found: list[tuple] = []
    for kind, proto in protos(app._tree):
        for field, text in texts(proto):
            if MARK not in text:
                continue
            if field == "spec":
                found += [(kind, field, one) for one in in_expressions(json.loads(text)) if MARK in unquoted(one)]
            elif field in MARKDOWN and kind not in PLAIN:
                seen, made = read(text)
                if MARK in left_over(seen) or made - HARMLESS:
                    found.append((kind, field, text[:200], made))
    return found


def in_expressions(spec: Any, within: bool = False) -> Iterator[str]:
    """Every expression of a chart, and every field's name, which is one."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key != "datasets":
                yield from in_expressions(value, key in EXPRESSIONS or key == "field")
    elif isinstance(spec, list):
        for value in spec:
            yield from in_expressions(value, within)
    elif isinstance(spec, str) and within:
        yield spec


def unquoted(expression: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"', "", expression)


@pytest.fixture(scope="module")
def owned() -> dict[str, str]:
    """A store of hostile names; token, channel and model of their owner."""
    channel, run = fill_hostile(session.store(), owners.browser("hostile"), hostile_channel())
    return {"token": "hostile", "channel": channel, "forecaster": run, "run": run}


def walk(visitor, pages: Iterable[str], state: Mapping[str, str]) -> dict[str, list]:
    """What is wrong on each page, for a visitor whose session has this state."""
    found = {}
    for page in pages:
        for key, value in state.items():
            visitor.app.session_state[key] = value
        if wrong := faults(visitor.go(page)):
            found[page] = wrong
    return found


def test_names_are_shown_as_they_are_on_every_page(visitor, owned):
    assert walk(visitor, OWN_PAGES, owned) == {}


def test_what_a_channel_counts_is_shown_as_it_is_in_every_chapter(visitor):
    channel = hostile_channel(place=6, days=300)
    session.channel_store().save(owners.browser("hostile"), channel)
    state = {"token": "hostile", "channel": channel.fingerprint}
    assert walk(visitor, (entry.page.removeprefix("pages/").removesuffix(".py") for entry in CHAPTERS), state) == {}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_whatever_a_column_is_called_a_sentence_on_it_is_text(language):
    for name in HOSTILE:
        translate = in_metric(session.translator(language), apart(name, "B"))
        seen, made = read(translate("Views a day, last 28 days"))
        assert not made - HARMLESS and MARK in seen, name


def test_the_oracle_finds_what_is_not_escaped():
    found = [name for name in map(clean_name, HOSTILE) if read(name)[1] - HARMLESS - {"bullet_list_open"}]
    assert len(found) >= 12
