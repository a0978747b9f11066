"""The chapters of the walkthrough, in their order: the one table of them.

A chapter is an entry here, `pages/walkthrough/SLUG.py` (its page, at the URL /SLUG) and `pages/walkthrough/SLUG.svg`
(its picture in the contents).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from forecasting.messages import N_
from pages.parts.session import open_page

FOLDER = "pages/walkthrough"
CONTENTS = f"{FOLDER}/contents.py"
REPORT_CARD = f"{FOLDER}/report_card.py"

Step = Literal["all", "function", "loss", "optimization", "validation"]
STEPS: dict[Step, str] = {
    "all": N_("All three steps: function, loss, optimization"),
    "function": N_("Step 1, the function"),
    "loss": N_("Step 2, the loss"),
    "optimization": N_("Step 3, the optimization"),
    "validation": N_("Step 4, validation"),
}
Purpose = Literal["optimization", "generalization", "both"]
PURPOSES: dict[Purpose, str] = {
    "optimization": N_("Serves optimization: a lower training loss"),
    "generalization": N_("Serves generalization: a lower loss on unseen days"),
    "both": N_("Serves optimization and generalization"),
}


@dataclass(frozen=True)
class Entry:
    """A chapter in the contents. Title and idea are marked for translation."""

    slug: str  # its file's name and its URL
    title: str
    idea: str  # one sentence
    changes: Step  # the step of learning
    serves: Purpose

    @property
    def page(self) -> str:
        """The page's file."""
        return f"{FOLDER}/{self.slug}.py"

    @property
    def picture(self) -> str:
        """The picture's file."""
        return f"{FOLDER}/{self.slug}.svg"


CHAPTERS = (
    Entry(
        slug="three_steps",
        title=N_("Three steps"),
        idea=N_("Learning is a function with unknowns, a loss, and an optimization that finds the unknowns."),
        changes="all",
        serves="optimization",
    ),
    Entry(
        slug="know_your_data",
        title=N_("Know your data"),
        idea=N_("A week is like the one before, so a model that sees the whole week can do better."),
        changes="function",
        serves="both",
    ),
    Entry(
        slug="bend_the_line",
        title=N_("Bend the line"),
        idea=N_("A constant and enough ramps come as near as one likes to any curve."),
        changes="function",
        serves="optimization",
    ),
    Entry(
        slug="formula_or_batches",
        title=N_("By formula or by batches"),
        idea=N_("A formula solves least squares at once; batches get there by many small, noisy updates."),
        changes="optimization",
        serves="optimization",
    ),
    Entry(
        slug="deeper",
        title=N_("Deeper"),
        idea=N_("More layers fit the training days better. Held-out days say when to stop."),
        changes="function",
        serves="both",
    ),
    Entry(
        slug="what_is_wrong",
        title=N_("What is wrong with my model?"),
        idea=N_("Look at the training loss first: a large one and a large held-out loss have different causes."),
        changes="validation",
        serves="both",
    ),
    Entry(
        slug="overfitting",
        title=N_("Overfitting, and what helps"),
        idea=N_("A model that fits its examples too well errs on all others; remedies hold it back or feed it more."),
        changes="function",
        serves="generalization",
    ),
    Entry(
        slug="choosing_models",
        title=N_("Choosing among models"),
        idea=N_("The best of many models looks better than it is."),
        changes="validation",
        serves="generalization",
    ),
    Entry(
        slug="minimum_or_saddle",
        title=N_("Minimum or saddle?"),
        idea=N_("Where the loss stays flat, its curvature says whether there is still a way down."),
        changes="optimization",
        serves="optimization",
    ),
    Entry(
        slug="batch_size",
        title=N_("Batch size"),
        idea=N_("Small batches make many noisy updates an epoch, large ones few smooth ones."),
        changes="optimization",
        serves="both",
    ),
    Entry(
        slug="momentum",
        title=N_("Momentum"),
        idea=N_(
            "A step that keeps a share of the last one crosses plateaus and dips, and swings if it keeps too much."
        ),
        changes="optimization",
        serves="optimization",
    ),
    Entry(
        slug="learning_rate",
        title=N_("Learning rate"),
        idea=N_("Steep directions need a small rate, flat ones a large one; adaptive methods give each its own."),
        changes="optimization",
        serves="optimization",
    ),
    Entry(
        slug="loss",
        title=N_("Loss"),
        idea=N_("What is minimised decides where learning stops, and what an unusual day does to it."),
        changes="loss",
        serves="optimization",
    ),
    Entry(
        slug="batch_normalization",
        title=N_("Scaling and batch normalization"),
        idea=N_("Inputs of unlike scales stretch the loss, and no single learning rate suits every weight."),
        changes="function",
        serves="optimization",
    ),
    Entry(
        slug="when_the_world_changes",
        title=N_("When the world changes"),
        idea=N_("What was learnt from old days helps only while new days are like them."),
        changes="validation",
        serves="generalization",
    ),
)


@dataclass(frozen=True)
class Moved:
    """A page of an earlier version, now a part of a chapter; its address still leads there."""

    address: str  # the URL that it had
    chapter: str  # a slug
    part: str  # marked for translation: the part's name
    renamed: Mapping[str, str] = field(default_factory=dict)  # parameters of its links: the earlier name -> today's


MOVED = (
    Moved("table", "deeper", N_("Lecture's table"), renamed={"split": "table_split"}),
    Moved("reveal", "deeper", N_("Reveal")),
    Moved("cross_validation", "choosing_models", N_("Folds")),
    Moved("selection", "choosing_models", N_("Public and private leaderboards")),
)
# Parts as links of earlier versions name them, in each language, and what they are called now.
EARLIER_PARTS = {
    "Score of many models": N_("Public and private leaderboards"),
    "众多模型的分数": N_("Public and private leaderboards"),
    "眾多模型的分數": N_("Public and private leaderboards"),
    "公开与私有排行榜": N_("Public and private leaderboards"),
}


def leads_to_part(moved: Moved) -> Callable[[], None]:
    """The page at an old address: it opens the part, with all that the link asks for.

    Language and channel are bound to the sidebar, which takes them along by itself.
    """

    def page() -> None:
        names = set(st.query_params) - {"lang", "channel"}
        query = {moved.renamed.get(name, name): st.query_params.get_all(name) for name in names}
        part = open_page().translate(moved.part)
        st.switch_page(numbered(moved.chapter)[1].page, query_params=query | {"part": part})

    return page


def numbered(slug: str) -> tuple[int, Entry]:
    """A chapter and its number, which begins at 1."""
    return next((number, entry) for number, entry in enumerate(CHAPTERS, 1) if entry.slug == slug)


ADDRESSES = {"contents", "report_card", *(entry.slug for entry in CHAPTERS), *(moved.address for moved in MOVED)}


def open_linked_chapter() -> None:
    """Send the first visitor of a fresh server to the chapter that the link names: what app.py calls first of all.

    Until st.navigation has run once, Streamlit knows the files of `pages` alone and not those of folders in it, says
    that there is no such page, and runs app.py. Loading the same address again finds it.
    """
    context = get_script_run_ctx()
    address = context.pages_manager.intended_page_name if context else ""
    if PagesManager.uses_pages_directory and address in ADDRESSES:
        PagesManager.uses_pages_directory = False
        path = f"location.pathname.replace({json.dumps(f'/{address}')}, '/') + {json.dumps(address)} + location.search"
        st.html(f"<script>location.replace({path})</script>", unsafe_allow_javascript=True)
        st.stop()
