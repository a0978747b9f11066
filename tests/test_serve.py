"""A server that its host starts again goes on with its queue, though nobody visits it."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from forecasting.jobs.database import open_engine
from forecasting.jobs.runs import RunStore
from tests.forecasting.jobs.test_runs import channel, endless, settings
from tests.support.processes import wait_for

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.sqlite_only
def test_what_waited_is_worked_on_before_the_first_visit_and_pages_are_served(store_url, tmp_path):
    store = RunStore(open_engine(store_url))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run_id = store.submit("me", channel(), settings(epochs=2), name="waits")
    after = store.submit("me", channel(), endless(), name="goes on")
    options = ("address=127.0.0.1", f"port={port}", "headless=true", "fileWatcherType=none")
    command = [sys.executable, "-m", "streamlit", "run", ".container/serve.py"]
    command += [f"--server.{option}" for option in options]
    with (tmp_path / "log").open("w") as log:
        environment = os.environ | {"VIEWCAST_STORE": store_url, "VIEWCAST_WORKERS": "1"}
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            wait_for(lambda: store.run("me", run_id).status == "finished")
            for path in ("", "_stcore/health"):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
                    assert answer.status == 200
            wait_for(lambda: store.run("me", after).status == "running")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
    assert "server" in store.run("me", after).reason.translated()  # which was stopped
    store.engine.dispose()
    assert "Traceback" not in (tmp_path / "log").read_text()
