"""Who is visiting: one person on their own machine, the user who has signed in, else the browser."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

import streamlit as st
from streamlit.errors import StreamlitAuthError, StreamlitMissingAuthlibError

from forecasting import owners
from forecasting.hosting import HOSTED, is_hosted

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip")  # by a proxy
COOKIE = "_streamlit_xsrf"
TOKEN_BYTES = 16
MOST_ENDED = 10_000  # visits that are remembered
SETTINGS = ("client_id", "client_secret", "server_metadata_url")  # of a provider


@dataclass(frozen=True)
class User:
    """Who has signed in."""

    owner: str
    name: str  # what the provider calls them
    visit: str  # this signing in and no other


# One person's server


def is_local() -> bool:
    """Whether this visitor is the one person whose machine the server runs on.

    The address that the server listens at does not tell alone: a proxy on the same machine brings everybody, and a
    stranger's web page may have its own name lead to this machine (DNS rebinding). What the host says outright holds.
    """
    if is_hosted(st.get_option("server.address")):
        return False
    return bool(os.environ.get(HOSTED)) or (asks_loopback(st.context.headers) and not is_forwarded(st.context.headers))


def is_forwarded(headers: Mapping[str, str]) -> bool:
    """Whether a proxy has handed the request on."""
    return any(headers.get(name) for name in FORWARDED)


def asks_loopback(headers: Mapping[str, str]) -> bool:
    """Whether the browser asked for this machine itself; true where it has not said, as no browser does."""
    host = headers.get("Host")
    if not host:
        return True
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:  # another name
        return False


# The browser


def browser() -> str:
    """Who owns what is done without signing in."""
    return owners.LOCAL if is_local() else owners.browser(browser_token())


def browser_token() -> str:
    """A random token that Streamlit's cookie gives every browser; without cookies the tab has its own.

    The cookie is masked anew on every load; the token under the mask stays.
    """
    return _cookie_token() or st.session_state.setdefault("token", os.urandom(TOKEN_BYTES).hex())


def has_cookie() -> bool:
    """Whether the browser keeps a token for longer than the tab is open."""
    return bool(_cookie_token())


def _cookie_token() -> str:
    from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string  # noqa: PLC0415  internal

    token, _made = decode_xsrf_token_string(st.context.cookies.get(COOKIE) or "")
    return token.hex() if token and len(token) == TOKEN_BYTES else ""


# Signing in


def user() -> User | None:
    """Who has signed in; None where nobody has, or has signed out again in another tab."""
    found = _user_of(st.user.to_dict())
    return None if found is None or (found.owner, found.visit) in _ended() else found


def _user_of(claims: Mapping[str, object]) -> User | None:
    """The user of an ID token, which the server has checked."""
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (claims.get("is_logged_in") and isinstance(issuer, str) and isinstance(subject, str) and issuer and subject):
        return None
    names = (claims.get(name) for name in ("name", "preferred_username", "email"))
    name = next((name for name in names if isinstance(name, str) and name.strip()), subject)
    visit = "\n".join(str(claims.get(name)) for name in ("iat", "nonce", "jti"))
    return User(owners.user(issuer, subject), name, visit)


def providers() -> list[str]:
    """The names under which providers are set up in the secrets, "default" for one without; none where none is."""
    if not st.secrets.load_if_toml_exists():
        return []
    auth = st.secrets.get("auth") or {}
    named = [name for name, part in auth.items() if isinstance(part, Mapping) and set(SETTINGS) <= set(part)]
    return (["default"] if set(SETTINGS) <= set(auth) else []) + named


def can_sign_in() -> bool:
    """Whether the server has the package that signing in needs."""
    return find_spec("authlib") is not None


def sign_in(provider: str) -> bool:
    """Send the browser to the provider; false where the settings do not suffice for it."""
    try:
        st.login(None if provider == "default" else provider)
    except (StreamlitAuthError, StreamlitMissingAuthlibError):
        return False
    return True


def sign_out() -> None:
    """End the visit: nothing of it stays in this tab, and other tabs of the browser end theirs as they are used."""
    if found := _user_of(st.user.to_dict()):
        ended = _ended()
        ended[found.owner, found.visit] = True
        while len(ended) > MOST_ENDED:
            ended.pop(next(iter(ended)), None)
    st.session_state.clear()
    st.logout()


def end_if_signed_out() -> None:
    """End the visit of a tab whose user has signed out in another one: what app.py calls first."""
    if st.user.get("is_logged_in") and _user_of(st.user.to_dict()) and user() is None:
        sign_out()
        st.stop()


@st.cache_resource
def _ended() -> dict[tuple[str, str], bool]:
    """Owners and visits that are over: Streamlit asks a tab for its cookies only once. The oldest comes first."""
    return {}
