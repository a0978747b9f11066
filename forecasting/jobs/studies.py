"""What a worker does with a study: work out the answer and put it down as it grows."""

import os
import time

from forecasting.jobs.watch import watched
from forecasting.messages import BadInput
from forecasting.runs import StudyQueue
from forecasting.studies import KINDS


def answer_study(url: str, study_id: str) -> None:
    """Answer one study of the store at `url`, in this process."""
    queue, worker = StudyQueue(url), os.getpid()
    started = queue.start(study_id, worker)
    if started is None:
        return
    channel, kind, request = started
    begun = time.perf_counter()

    def tell(**known: object) -> None:
        queue.tell(study_id, worker, seconds=time.perf_counter() - begun, **known)

    try:
        with watched(lambda: queue.asked(study_id, worker), tell, lambda: tell(status="stopped")):
            for finding in KINDS[kind](channel, request):
                tell(**{name: value for name, value in vars(finding).items() if value is not None})
            tell(share=1.0, status="finished")
    except BadInput as reason:
        queue.fail(study_id, reason)
    finally:
        queue.engine.dispose()
