"""How the server is watched: each rerun of a page is timed, and who may look at it on the page of the server."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import streamlit as st
from streamlit import logger
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from forecasting.jobs.overview import server_memory
from forecasting.messages import N_
from forecasting.server_log import SERVER_LOG, JsonFormatter, Rerun, lines_wanted, session_name, write_json_lines
from pages.parts import identity
from pages.parts.session import browser_language, hosting, translator

FIRST_PAGE = "data"  # whose address is the server's own


@contextmanager
def timed_rerun(page: str, since: float) -> Iterator[None]:
    """Note how long the script took `since` (of perf_counter) and how it ended; `page` is its address."""
    result = "done"
    try:
        yield
    except Exception as error:
        result = type(error).__name__
        raise
    finally:
        context = get_script_run_ctx()
        session = session_name(context.session_id if context else "")
        SERVER_LOG.rerun(Rerun(page or FIRST_PAGE, session, perf_counter() - since, server_memory(), result))


def write_log_lines() -> None:
    """Have Streamlit's own messages written as JSON too, where lines are asked for: a traceback cannot forge one."""
    if lines_wanted() and not hasattr(logger.setup_formatter, "writes_json"):
        logger.setup_formatter = _with_json(logger.setup_formatter)
        for one in logger._loggers.values():
            _set_json(one)
        write_json_lines()


def _with_json(set_up):
    def set_up_with_json(one: logging.Logger) -> None:
        set_up(one)
        _set_json(one)

    set_up_with_json.writes_json = True  # type: ignore[attr-defined]
    return set_up_with_json


def _set_json(one: logging.Logger) -> None:
    for handler in one.handlers:
        handler.setFormatter(JsonFormatter())


def refuse_unless_admin() -> None:
    """Tell all others what is told of a page that is not there, and end it."""
    if not (identity.is_local() or is_named_admin()):
        translate = translator(st.session_state.get("lang") or browser_language())
        st.info(translate(N_("There is no such page. Choose one in the sidebar.")), icon=":material/link_off:")
        st.stop()


def is_named_admin() -> bool:
    """Whether VIEWCAST_ADMINS has who is signed in, by the provider's subject or by an address that it has checked."""
    if not (named := hosting().admins) or identity.user() is None:
        return False
    claims = st.user.to_dict()
    address = claims.get("email") if claims.get("email_verified") is True else None
    return not named.isdisjoint(str(one).casefold() for one in (claims.get("sub"), address) if one)
