"""The app as a server that a host starts again: it works on its queue at once, without waiting for a visit.

`python -m streamlit run .container/serve.py` in the folder of app.py, with the options of `streamlit run app.py`, which
begins with the first visitor.
"""

import asyncio
import logging
import math
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from streamlit.starlette import App

from forecasting.jobs.pool import WorkerPool
from forecasting.jobs.troubles import patiently, trouble_of
from forecasting.messages import BadInput

LOG = logging.getLogger(__name__)


@asynccontextmanager
async def beside_the_pages(_app: App) -> AsyncIterator[None]:
    """Start the workers in a thread of their own: pages are served though the store does not answer yet."""
    begun: list[WorkerPool] = []
    threading.Thread(target=begin_work, args=(begun,), daemon=True).start()
    yield
    for pool in begun:  # the server's end is a signal, which ends the interpreter before it tidies up
        await asyncio.to_thread(pool.close)


def begin_work(begun: list[WorkerPool]) -> None:
    """Have the queue worked on as soon as the store answers, and note the pool that does it."""
    # What pages have in common is cached by Streamlit's runtime, which is there by now.
    from pages.parts.session import workers  # noqa: PLC0415
    from pages.parts.watch import write_log_lines  # noqa: PLC0415

    write_log_lines()
    try:
        begun.append(patiently(workers, math.inf))
    except BadInput as refusal:  # a limit that cannot be read: every page says so
        LOG.warning("%s", refusal)
    except Exception as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        LOG.warning("%s", trouble.message.translated())


app = App(Path(__file__).parent.parent / "app.py", lifespan=beside_the_pages)
