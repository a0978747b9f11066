"""Whatever a reading does to its process, it ends with one sentence, and the next one is done."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forecasting.jobs.reader import Limits
from forecasting.jobs.readers import PLACES, ReaderPool
from forecasting.messages import BadInput
from tests.support import reader_calls
from tests.support.processes import alive, wait_for

ROOT = Path(__file__).parent.parent.parent.parent
LIMITS = Limits(seconds=1.0, memory=100e6)


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    pool = ReaderPool(LIMITS)
    yield pool
    pool.close()


def sentence(pool: ReaderPool, function, *arguments) -> str:
    with pytest.raises(BadInput) as refused:
        pool.run(function, *arguments)
    return str(refused.value)


def test_answers_and_refusals_come_back_as_they_are(pool):
    assert pool.run(reader_calls.echo, {"a": b"\0" * 10**6}) == {"a": b"\0" * 10**6}
    assert sentence(pool, reader_calls.refuse) == "no more than 5"
    assert "out of the ordinary" in sentence(pool, reader_calls.fail)


def test_reader_is_another_process_that_has_loaded_nothing_heavy(pool):
    first = pool.run(reader_calls.process)
    assert first != os.getpid() and pool.run(reader_calls.process) == first
    loaded = set(pool.run(reader_calls.loaded))
    assert "forecasting.reading" in loaded
    assert not loaded & {"torch", "scipy", "sklearn", "statsmodels", "streamlit", "sqlalchemy"}


@pytest.mark.parametrize(
    "function, arguments, words",
    [
        (reader_calls.sleep, (), "longer than 1 seconds"),
        (reader_calls.hold, (), "longer than 1 seconds"),
        (reader_calls.swell, (10**6,), "more than 100 MB"),
        (reader_calls.swell, (10**12,), "more than 100 MB"),
        (reader_calls.abort, (), "more than 100 MB"),
        (reader_calls.crash, (), "made its reader fail"),
    ],
    ids=["waits", "holds the lock", "swells", "asks for a terabyte", "aborts", "crashes"],
)
def test_what_it_does_to_its_process_ends_with_a_sentence(pool, function, arguments, words):
    assert words in sentence(pool, function, *arguments)
    assert pool.run(reader_calls.echo, "next") == "next"


def test_stopped_reading_ends_and_others_wait_for_no_place():
    pool = ReaderPool(Limits(seconds=60.0))
    at_it = [pool.start(reader_calls.sleep) for _place in range(PLACES)]
    waiting = pool.start(reader_calls.sleep)
    wait_for(lambda: all(reading.seconds is not None for reading in at_it))
    assert waiting.seconds is None and not waiting.done
    for reading in (waiting, *at_it):
        reading.stop()
        with pytest.raises(BadInput, match="stopped"):
            reading.result()
    assert pool.run(reader_calls.echo, "next") == "next"
    pool.close()


SERVER = """
import sys
from forecasting.jobs.reader import Limits
from forecasting.jobs.readers import ReaderPool
from tests.support import reader_calls
pool = ReaderPool(Limits(seconds=60.0))
print(pool.run(reader_calls.process), flush=True)
reading = pool.start(reader_calls.sleep) if sys.argv[1] == "reading" else None
while reading and reading.seconds is None:
    reading.wait(0.05)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("does", ["reading", "idle"])
def test_killed_server_leaves_no_reader(does):
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, does], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    reader = int(server.stdout.readline())
    assert server.stdout.readline() == "ready\n" and alive(reader)
    server.kill()
    server.communicate()
    wait_for(lambda: not alive(reader))


HOLD = """
from forecasting.jobs.reader import SPARE_SECONDS, Limits, keep_within
from tests.support.reader_calls import hold
keep_within(Limits(seconds=0.5 - SPARE_SECONDS))
hold()
"""


def test_system_ends_a_reader_that_holds_the_lock_when_nobody_watches():
    done = subprocess.run([sys.executable, "-c", HOLD], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGXCPU
