"""The chapters of the walkthrough, in their order: the one table of them.

A chapter is an entry here, `pages/walkthrough/SLUG.py` (its page, at the URL /SLUG) and `pages/walkthrough/SLUG.svg`
(its picture in the contents).
"""

import json
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from forecasting.messages import N_

FOLDER = "pages/walkthrough"
CONTENTS = f"{FOLDER}/contents.py"

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
        idea=N_("Views repeat weekly, so a model that sees the whole week can do better."),
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
)


def numbered(slug: str) -> tuple[int, Entry]:
    """A chapter and its number, which begins at 1."""
    return next((number, entry) for number, entry in enumerate(CHAPTERS, 1) if entry.slug == slug)


def open_asked_chapter() -> None:
    """Send the first visitor of a fresh server to the chapter that the link names: what app.py calls first of all.

    Until st.navigation has run once, Streamlit knows the files of `pages` alone and not those of folders in it, says
    that there is no such page, and runs app.py. Loading the same address again finds it.
    """
    context = get_script_run_ctx()
    asked = context.pages_manager.intended_page_name if context else ""
    if PagesManager.uses_pages_directory and asked in {"contents", *(entry.slug for entry in CHAPTERS)}:
        PagesManager.uses_pages_directory = False
        path = f"location.pathname.replace({json.dumps(f'/{asked}')}, '/') + {json.dumps(asked)} + location.search"
        st.html(f"<script>location.replace({path})</script>", unsafe_allow_javascript=True)
        st.stop()
