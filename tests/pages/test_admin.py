"""The page of the server: who sees it, and that reruns are told of."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from forecasting.server_log import SERVER_LOG
from pages.parts import watch


def shown(app: AppTest) -> list[str]:
    return [title.value for title in app.title]


def reruns(page: str) -> int:
    return sum(one.reruns for one in SERVER_LOG.pages() if one.page == page)


@pytest.fixture
def signed_in(monkeypatch):
    """Sign a user in at whatever the provider says of them."""

    def sign_in(**said) -> None:
        claims = {"is_logged_in": True, "iss": "https://school.example", "sub": "17"} | said
        user = SimpleNamespace(to_dict=lambda: claims, get=claims.get)
        monkeypatch.setattr(watch.st, "user", user)

    return sign_in


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("English", "There is no such page. Choose one in the sidebar."),
        ("繁體", "沒有這個頁面，請在側邊欄中選擇一個頁面。"),
    ],
)
def test_a_visitor_is_told_of_no_such_page(visit, language, told):
    app = visit("admin", lang=language)
    assert (shown(app), [info.value for info in app.info]) == ([], [told])


def test_the_owner_of_a_loopback_server_sees_it(visit, monkeypatch):
    monkeypatch.setattr(watch.identity, "is_local", lambda: True)
    app = visit("admin")
    assert shown(app) == ["This server"]
    assert {metric.label: metric.value for metric in app.metric}["Jobs that wait"] == "0"


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ({"email": "Teacher@School.example", "email_verified": True}, True),
        ({"email": "teacher@school.example"}, False),  # anybody may say that they have it
        ({"email": "teacher@school.example", "email_verified": False}, False),
        ({"email": "pupil@school.example", "email_verified": True}, False),
        ({"email": "", "email_verified": True}, False),
        ({"sub": "teacher-1"}, True),
        ({"sub": "teacher-1", "is_logged_in": False}, False),
    ],
)
def test_signed_in_users_see_it_where_they_are_named(signed_in, monkeypatch, said, seen):
    monkeypatch.setenv("VIEWCAST_ADMINS", "head@school.example, teacher@school.example, Teacher-1,")
    signed_in(**said)
    assert watch.is_named_admin() is seen


def test_nobody_is_named_where_nothing_is_set(signed_in, monkeypatch):
    monkeypatch.delenv("VIEWCAST_ADMINS", raising=False)
    signed_in(email="", email_verified=True)
    assert not watch.is_named_admin()


def test_each_rerun_of_a_page_is_counted_once_under_its_address(visit):
    before = reruns("data"), reruns("train")
    visit()
    visit("train")
    assert (reruns("data"), reruns("train")) == (before[0] + 1, before[1] + 1)


def test_an_error_of_a_page_is_remembered_and_goes_on(monkeypatch):
    with pytest.raises(KeyError), watch.timed_rerun("train", since=0.0):
        raise KeyError("my channel")
    latest = SERVER_LOG.troubles()[0]
    assert (latest.where, latest.error) == ("train", "KeyError")
