"""The foot of the sidebar: who is visiting, signing in and out, and the way to one's data. No page either."""

import streamlit as st

from forecasting.jobs.belongings import belongings, delete_all
from forecasting.jobs.saved_work.store import collect, merge
from forecasting.messages import N_, BadInput, Message, Translate
from pages.parts import identity
from pages.parts.link_maker import offer_link
from pages.parts.links import escape_markdown
from pages.parts.session import limits, store

YOUR_DATA = "pages/your_data.py"
NO_AUTHLIB = N_("Signing in is set up here, but the server lacks the package Authlib. Work is kept for this browser.")
NO_PROVIDER = N_("Signing in is not set up completely on this server. Work is kept for this browser.")
EARLIER = N_("This browser has work from before you signed in (channels: {channels}, runs: {runs}).")
YEAR = 365 * 24 * 3600  # seconds
# Streamlit's cookie ends with the browser's session; a page that is open has it last. Its value stays Streamlit's.
KEEP_COOKIE = """<script>
(() => {
  if (window.viewcastCookie) return;
  window.viewcastCookie = true;
  const found = document.cookie.match(/(?:^|; )COOKIE=([^;]+)/);
  const secure = location.protocol === "https:" ? "; secure" : "";
  if (found) document.cookie = `COOKIE=${found[1]}; path=/; max-age=SECONDS; samesite=SAME_SITE${secure}`;
})()
</script>"""


def draw_foot(translate: Translate) -> None:
    """After the pages are known: the link needs them."""
    with st.sidebar.container(key="foot"):
        user = identity.user()
        if user:
            _show_user(user, translate)
        else:
            _offer_to_sign_in(translate)
        offer_link(translate)
        st.page_link(YOUR_DATA, label=translate(N_("Your data")), icon=":material/folder_open:")
        if identity.is_local():
            return
        if not user:
            st.caption(translate(N_("Kept for this browser") if identity.has_cookie() else N_("Kept for this tab")))
        _keep_cookie()


def _show_user(user: identity.User, translate: Translate) -> None:
    st.caption(escape_markdown(translate(N_("Signed in as {name}")).format(name=user.name)))
    earlier = belongings(store().engine, identity.browser())
    if earlier:
        facts = {"channels": earlier.channels, "runs": earlier.runs}
        st.info(Message(EARLIER, facts).translated(translate))
        if beyond := st.session_state.pop("cannot_take_along", None):
            st.warning(beyond.translated(translate))
        st.button(translate(N_("Take it along")), key="take_along", on_click=_take_along, args=(user.owner,))
    st.button(translate(N_("Sign out")), key="sign_out", icon=":material/logout:", on_click=identity.sign_out)


def _take_along(owner: str) -> None:
    """What is worked on is paused by that: its worker reports on a job that is gone."""
    engine, browser = store().engine, identity.browser()
    try:
        merge(engine, owner, collect(engine, browser), limits())
    except BadInput as beyond:
        st.session_state.cannot_take_along = beyond
        return
    delete_all(engine, browser)


def _offer_to_sign_in(translate: Translate) -> None:
    """A button a provider, where one is set up."""
    providers = identity.providers()
    if providers and not identity.can_sign_in():
        st.caption(translate(NO_AUTHLIB))
        return
    for provider in providers:
        label = translate(N_("Sign in with {provider}")).format(provider=provider)
        st.button(
            translate(N_("Sign in")) if provider == "default" else escape_markdown(label),
            key=f"sign_in_{provider}",
            icon=":material/login:",
            on_click=_sign_in,
            args=(provider,),
        )
    if st.session_state.get("cannot_sign_in"):
        st.caption(translate(NO_PROVIDER))


def _sign_in(provider: str) -> None:
    st.session_state.cannot_sign_in = not identity.sign_in(provider)


def _keep_cookie() -> None:
    same_site = str(st.get_option("server.xsrfCookieSameSite") or "lax").lower()
    script = KEEP_COOKIE.replace("COOKIE", identity.COOKIE).replace("SECONDS", str(YEAR))
    st._event.html(script.replace("SAME_SITE", same_site), unsafe_allow_javascript=True)
