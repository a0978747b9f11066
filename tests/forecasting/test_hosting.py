"""A host's limits: what holds where nothing is said, what the environment sets, and what it may not."""

import math

import pytest

from forecasting.hosting import is_hosted, read_hosting
from forecasting.messages import BadInput


def test_one_person_on_their_own_machine_has_no_small_limits_and_a_visitor_has():
    local, hosted = read_hosting("127.0.0.1", {}), read_hosting("0.0.0.0", {})
    personal = ("runs", "channels", "storage", "queue", "at_once", "work", "job_minutes", "days_kept")
    assert all(math.isinf(getattr(local, name)) for name in personal)
    assert all(math.isfinite(getattr(hosted, name)) for name in personal)
    assert math.isfinite(local.reading_seconds) and math.isfinite(local.reading_memory)


@pytest.mark.parametrize(("address", "said", "hosted"), [
    (None, "", True), ("0.0.0.0", "", True), ("localhost", "", False), ("::1", "", False),
    ("127.0.0.1", "yes", True), (None, " No ", False),
])  # fmt: skip
def test_the_address_says_whether_others_come_unless_the_host_does(address, said, hosted):
    assert is_hosted(address, {"VIEWCAST_HOSTED": said}) is hosted


def test_the_environment_sets_a_limit_or_lifts_it():
    given = read_hosting(None, {"VIEWCAST_RUNS": "3", "VIEWCAST_CHANNELS": " None ", "VIEWCAST_JOB_MINUTES": "0.5"})
    assert (given.runs, given.channels, given.job_minutes) == (3, math.inf, 0.5)
    assert "VIEWCAST_RUNS 3\nVIEWCAST_CHANNELS none\n" in given.described()


@pytest.mark.parametrize("value", ["abc", "0", "-1", "nan", "1 000"])
def test_a_limit_that_is_no_number_is_refused_with_a_sentence(value):
    with pytest.raises(BadInput) as refused:
        read_hosting(None, {"VIEWCAST_QUEUE": value})
    assert str(refused.value) == f"VIEWCAST_QUEUE is “{value}”; give it a number above 0, or “none” for no limit."
    with pytest.raises(BadInput, match="VIEWCAST_HOSTED is “abc”"):
        is_hosted(None, {"VIEWCAST_HOSTED": "abc"})
    with pytest.raises(BadInput, match="VIEWCAST_LOG is “xml”"):
        read_hosting(None, {"VIEWCAST_LOG": "xml"})


def test_admins_are_named_with_commas_between_in_any_case():
    assert read_hosting(None, {"VIEWCAST_ADMINS": " A@b.example,,17 ,"}).admins == {"a@b.example", "17"}
    assert read_hosting(None, {}).admins == frozenset()
