"""What a page says while the store does not do as asked: one sentence, and it goes on by itself once the store does.

Streamlit gives errors of pages, fragments and callbacks to one handler, which only `st.App` can set officially. Setting
it is internal, so Streamlit is pinned exactly and a test locks the store under every page.
"""

from functools import wraps

import streamlit as st
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from forecasting.jobs.troubles import Trouble, trouble_of
from pages.parts.links import escape_markdown
from pages.parts.session import Session, browser_language, store_answers, translator

LOOK_SECONDS = 2.0  # between two looks at whether the store answers again


def handle_store_trouble() -> None:
    """Have every error of the store said in a sentence, in this script run and in all that follow."""
    _set_handler()
    if not hasattr(ScriptRunner._run_script, "says_store_trouble"):
        ScriptRunner._run_script = _with_handler(ScriptRunner._run_script)  # type: ignore[method-assign]


def show_trouble_of_workers(session: Session) -> None:
    """Say why a job that is under way stands still, where that is the store's doing."""
    if trouble := session.workers.trouble:
        _show(trouble)


def _with_handler(run_script):
    @wraps(run_script)
    def run(self: ScriptRunner, request) -> None:
        _set_handler()
        run_script(self, request)

    run.says_store_trouble = True  # type: ignore[attr-defined]
    return run


def _set_handler() -> None:
    if context := get_script_run_ctx():
        context.on_script_error = _handle


def _handle(error: Exception) -> bool:
    """Whether the error was the store's, and the page has said so."""
    trouble = trouble_of(error)
    if trouble is None:
        return False
    _show(trouble)
    looks = iter((False,))  # the first look is part of the page that has just failed
    st.fragment(lambda: next(looks, True) and store_answers() and st.rerun(), run_every=LOOK_SECONDS)()
    return True


def _show(trouble: Trouble) -> None:
    translate = translator(st.session_state.get("lang") or browser_language())
    st.warning(escape_markdown(trouble.message.translated(translate)), icon=":material/database_off:")
