"""Why a job ended that could not end itself, in the words of what it was."""

from forecasting.messages import N_, Message

TRAINING = {
    "gone": N_("The worker that trained this run has stopped; press Train to start it again."),
    "memory": N_("Training took more than the {limit} GB of memory that a worker has; take fewer units or seeds."),
    "time": N_("Training took {limit} minutes, the most that this server allows; continue it, or take fewer epochs."),
    "killed": N_("The worker process was killed or ran out of memory; try fewer units or seeds, or train again."),
    "broken": N_("Training stopped with an error: {error}"),
    "store": N_("Training stopped because the store did not answer for ten minutes; press Train to start it again."),
    "closed": N_("The server was stopped during training; press Train to start again."),
}
OTHER = {
    "gone": N_("The worker that did this has stopped; start it again."),
    "memory": N_("This took more than the {limit} GB of memory that a worker has; ask for less at once."),
    "time": N_("This took {limit} minutes, the most that this server allows; ask for less at once."),
    "killed": N_("The worker process was killed or ran out of memory; start it again."),
    "broken": N_("This stopped with an error: {error}"),
    "store": N_("This stopped because the store did not answer for ten minutes; start it again."),
    "closed": N_("The server was stopped before the result was complete; start it again."),
}


def failure(cause: str, kind: str, **facts: object) -> Message:
    """The sentence for a `cause` (a key of TRAINING) and a kind of job."""
    return Message((TRAINING if kind == "train" else OTHER)[cause], facts)
