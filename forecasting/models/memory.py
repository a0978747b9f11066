"""How much memory a run takes at its highest, estimated from its settings before it begins.

The constants were measured with runs of five sizes. One of 8 layers of 430 units, 32 seeds and all windows of 20 years
an update took 7.6 GB, and this says 7.7.
"""

from dataclasses import replace

from forecasting.messages import N_, BadInput
from forecasting.settings import RunSettings

EMPTY = 450e6  # bytes of a worker that has torch loaded and trains a small network
NUMBER = 4  # bytes
SMALL_BATCH = 64  # windows
BATCHES = N_("This run would take {needed} GB of memory; a worker has {limit} GB. Take smaller batches.")
SEEDS = N_("This run would take {needed} GB of memory; a worker has {limit} GB. Take fewer seeds.")
UNITS = N_("This run would take {needed} GB of memory; a worker has {limit} GB. Take fewer units or layers.")


def memory(settings: RunSettings, windows: int) -> float:
    """Roughly the bytes that training on so many `windows` takes."""
    net, training, kept = settings.architecture, settings.training, settings.regularisation
    rows = min(training.batch_size or windows, windows)
    values = rows * net.hidden * net.units * (4 if kept.dropout or kept.batch_norm else 2)
    vectors = 26 if training.optimizer == "lbfgs" else 7  # weights, their gradient, copies, the optimizer's state
    return EMPTY + NUMBER * training.seeds * (values + vectors * settings.parameters)


def refuse_beyond(limit: float, settings: RunSettings, windows: int) -> None:
    """Raises BadInput where a run would take more than `limit` bytes, and names what to lower."""
    needed = memory(settings, windows)
    if needed > limit:
        advice = _what_to_lower(limit, settings, windows)
        raise BadInput(advice, needed=f"{needed / 1e9:.1f}", limit=f"{limit / 1e9:.1f}")


def _what_to_lower(limit: float, settings: RunSettings, windows: int) -> str:
    """What is enough by itself, in the order in which it changes least of what is learnt."""
    training = settings.training
    in_batches = replace(settings, training=replace(training, batch_size=SMALL_BATCH))
    if training.optimizer != "lbfgs" and memory(in_batches, windows) <= limit:
        return BATCHES
    one = replace(settings, training=replace(training, seeds=1))
    return SEEDS if training.seeds > 1 and memory(one, windows) <= limit else UNITS
