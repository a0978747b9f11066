"""Shares that are computed in processes and on a Dask cluster, and clusters that are none."""

import os
import socket
import sys
from math import factorial
from pathlib import Path

import pytest

from forecasting.batch import executors
from forecasting.batch.executors import is_lost, open_executor
from forecasting.messages import BadInput
from tests.support.processes import alive, wait_for
from tests.support.shares import end, end_once, thread_settings

pytestmark = pytest.mark.slow


def test_a_share_whose_process_ends_is_computed_again_and_no_other_is_touched(tmp_path, monkeypatch):
    monkeypatch.setattr(executors, "TRIES", 2)
    with open_executor(workers=1) as executor:
        again = executor.submit(end_once, tmp_path / "mark")
        never, other = executor.submit(end), executor.submit(os.getpid)
        assert again.result() == "done"
        assert is_lost(never.exception())
        assert executor.submit(thread_settings).result() == ["1", "1"]
        process = other.result()
        assert process != os.getpid()
        assert executor.submit(factorial, -1).exception().args  # what a share raises is its own
        assert not is_lost(executor.submit(factorial, -1).exception())
    wait_for(lambda: not alive(process))


def test_leaving_gives_up_what_is_not_done(tmp_path):
    with open_executor(workers=1) as executor:
        executor.submit(os.read, os.pipe()[0], 1)
        waiting = executor.submit(factorial, 3)
    assert waiting.cancelled()


@pytest.fixture(scope="module")
def scheduler():
    """The address of a Dask cluster of two workers in this process."""
    from distributed import LocalCluster

    how = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "protocol": "tcp"}
    with LocalCluster(host="127.0.0.1", dashboard_address="127.0.0.1:0", **how) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_computes_shares_and_what_they_raise_comes_back(scheduler):
    with open_executor(scheduler=scheduler) as executor:
        assert executor.workers == 2
        assert [executor.submit(factorial, number).result() for number in range(5)] == [1, 1, 2, 6, 24]
        wrong = executor.submit(factorial, -1).exception()
        assert isinstance(wrong, ValueError) and not is_lost(wrong)


def test_a_cluster_of_another_version_is_refused(scheduler, monkeypatch):
    monkeypatch.setattr(executors, "__version__", "9.9")
    monkeypatch.setattr(executors, "_version", older)
    with pytest.raises(BadInput, match="has Viewcast 0.1, and here it is 9.9"), open_executor(scheduler=scheduler):
        pass


def older() -> str:
    return "0.1"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("tcp://127.0.0.1:9", "No Dask scheduler answers at tcp://127.0.0.1:9 (Connection refused). Start one"),
        ("elsewhere", "such as tcp://10.0.0.5:8786, not elsewhere"),
        ("http://127.0.0.1:8787", "not http://127.0.0.1:8787"),
    ],
)
def test_a_scheduler_that_cannot_be_had_is_a_sentence(address, says):
    with pytest.raises(BadInput) as refused, open_executor(scheduler=address):
        pass
    assert says in str(refused.value)


def test_what_answers_and_is_no_scheduler_is_a_sentence(monkeypatch):
    monkeypatch.setattr(executors, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(BadInput, match="timed out"), open_executor(scheduler=address):
            pass


def test_without_dask_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match="requirements-cluster.txt"), open_executor(scheduler="tcp://127.0.0.1:9"):
        pass
    assert (Path(__file__).parents[3] / "requirements-cluster.txt").exists()
