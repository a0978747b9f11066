"""What Back and Forward bring back: a page as it was left, at the first press. app.py calls `keep_history` first.

Streamlit alone loses it in two ways. In the browser every URL that the server writes becomes an entry of its own: one
that a page completes by itself as it opens, the one without the page's parameters as it is left, and the answer to a
first press of Back once a second has gone farther. In the server a parameter is thrown away whose control has the same
name on the page before, or that the browser has not mounted yet, as on a slow network. Both are internal, so Streamlit
is pinned exactly and browser tests go back and forward.
"""

from functools import wraps

import streamlit as st
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

STEPS = ("run", "runs")  # parameters that say what is shown: another value is a step that Back undoes

# The server's writes of a URL come as pushState on the path that is shown; what a control writes as replaceState.
SCRIPT = """<script>
(() => {
  if (window.viewcastHistory) return;
  const steps = STEPS, push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  window.viewcastHistory = true;
  let asLeft = null;       // the URL before the server took something out, as on leaving; more writes may follow
  let byControl = false;   // whether a control has written since the last gesture: what follows is no step of its own
  let last = null;         // the last gesture
  for (const gesture of ["pointerdown", "keydown", "click", "popstate"])
    addEventListener(gesture, () => { asLeft = null; byControl = false; last = gesture; }, true);
  const isStep = (before, after) => !byControl && steps.some(
    (name) => before.has(name) && after.has(name) && `${before.getAll(name)}` !== `${after.getAll(name)}`);
  history.replaceState = (state, title, url) => { byControl = true; replace(state, title, url); };
  history.pushState = (state, title, url) => {
    const now = new URL(location.href), next = new URL(url, now);
    if (next.pathname !== now.pathname && last === "popstate") {
      return;              // of a page asked for before Back was pressed again, or that an old address leads on to
    } else if (next.pathname !== now.pathname) {
      if (asLeft) replace(null, "", asLeft);
      asLeft = null;
      push(state, title, url);
    } else if (isStep(now.searchParams, next.searchParams)) {
      push(state, title, url);
    } else {
      if (![...now.searchParams.keys()].every((name) => next.searchParams.has(name))) asLeft ??= now.href;
      replace(state, title, url);
    }
  };
})()
</script>""".replace("STEPS", str(list(STEPS)))


def keep_history() -> None:
    """Have the browser keep one entry a page, and the server take all that an entry says."""
    st._event.html(SCRIPT, unsafe_allow_javascript=True)
    if not hasattr(ScriptRunner._run_script, "trusts_history"):  # others may have wrapped it before
        ScriptRunner._run_script = _trusting_history(ScriptRunner._run_script)  # type: ignore[method-assign]


def _trusting_history(run_script):
    @wraps(run_script)
    def run(self: ScriptRunner, request) -> None:
        if request.is_history_navigation:
            with self._session_state.query_params() as params:
                _forget_bindings(params)
        run_script(self, request)

    run.trusts_history = True  # type: ignore[attr-defined]
    return run


def _forget_bindings(params) -> None:
    """Whose control each parameter is: Streamlit drops those of the page before, and of controls yet to be mounted."""
    for widget in list(params._bindings_by_widget):
        params.unbind_widget(widget)
