"""Whose a visit is: nobody else's requests give the same owner."""

from collections.abc import Callable

import pytest
import streamlit as st

from forecasting import owners
from forecasting.owners import LOCAL
from pages.parts import identity

CLAIMS = {"is_logged_in": True, "iss": "https://id.example", "sub": "7", "email": "ann@example.org", "iat": 1000}
Owner = Callable[..., str]


class Context:
    """What a browser sends."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers, self.cookies = headers, {}


@pytest.fixture
def owner_with(monkeypatch: pytest.MonkeyPatch) -> Owner:
    """Who owns what a browser does that sends these headers to a server at this address."""
    monkeypatch.setattr(identity, "browser_token", lambda: "ab" * 16)

    def owner(address: str | None = "127.0.0.1", hosted: str = "", **headers: str) -> str:
        monkeypatch.setattr(st, "get_option", {"server.address": address}.get)
        monkeypatch.setattr(st, "context", Context({name.replace("_", "-"): text for name, text in headers.items()}))
        monkeypatch.setenv("VIEWCAST_HOSTED", hosted)
        return identity.browser()

    return owner


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "127.0.0.2", "[::1]:8501"])
def test_on_its_own_machine_a_server_is_one_persons(owner_with: Owner, host: str) -> None:
    assert owner_with(Host=host) == LOCAL
    assert owner_with(address=None, Host=host) != LOCAL


@pytest.mark.parametrize(
    "host", ["evil.example:8501", "127.0.0.1.evil.example", "localhost.evil.example", "[", "0.0.0.0"]
)
def test_a_page_whose_name_leads_to_this_machine_reads_nothing_of_its_person(owner_with: Owner, host: str) -> None:
    assert owner_with(Host=host) == owners.browser("ab" * 16)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Proto"])
def test_behind_a_proxy_on_the_same_machine_each_browser_has_its_own(owner_with: Owner, header: str) -> None:
    forwarded = {"Host": "localhost:8501", header: "for=203.0.113.7"}
    assert owner_with(**forwarded) == owners.browser("ab" * 16)
    assert owner_with(hosted="no", **forwarded) == LOCAL


def test_what_the_host_says_holds(owner_with: Owner) -> None:
    assert owner_with(hosted="yes", Host="localhost") == owners.browser("ab" * 16)
    assert owner_with(address=None, hosted="no", Host="my.example") == LOCAL


def test_a_user_is_known_by_provider_and_subject_and_never_by_the_mail() -> None:
    ann = identity._user_of(CLAIMS)
    assert ann is not None and ann.name == "ann@example.org" and owners.signs_in(ann.owner)
    for differing in ({"iss": "https://other.example"}, {"sub": "8"}, {"iss": "https://id.example\n7", "sub": ""}):
        other = identity._user_of(CLAIMS | differing)
        assert other is None or other.owner != ann.owner
    assert identity._user_of(CLAIMS | {"email": "new@example.org", "name": "Ann"}).owner == ann.owner


@pytest.mark.parametrize("missing", [{"sub": ""}, {"iss": None}, {"is_logged_in": False}, {"sub": 7}])
def test_who_is_not_wholly_named_has_not_signed_in(missing: dict) -> None:
    assert identity._user_of(CLAIMS | missing) is None


def test_provider_and_subject_are_kept_apart() -> None:
    assert owners.user("https://id.example\n7", "8") != owners.user("https://id.example", "7\n8")
    assert not owners.signs_in(owners.browser('["https://id.example", "7"]'))
