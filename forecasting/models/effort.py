"""How long a fit takes: what shares of the work, and so the time left, are told by.

The constants were measured on one thread of a quiet machine. Only their ratios count where the time left is judged by
the time that has passed; `python -m tests.benchmark.time_left` tells how right that is.
"""

from forecasting.settings import SKLEARN_FAMILIES, RunSettings

AN_UPDATE, AN_EPOCH = 7.5e-5, 3e-4  # seconds, besides arithmetic
ARITHMETIC = 1.2e-10  # seconds a parameter and window


def effort(settings: RunSettings, windows: int) -> float:
    """Roughly the seconds that one fit to so many `windows` takes."""
    if settings.solved_at_once:
        return windows * _seconds_a_window(settings)
    training = settings.training
    updates = -(-windows // (training.batch_size or windows))
    arithmetic = ARITHMETIC * training.seeds * settings.parameters * windows
    return training.epochs * (updates * AN_UPDATE + arithmetic + AN_EPOCH)


def _seconds_a_window(settings: RunSettings) -> float:
    """Of a fit without epochs: least absolute deviations are a linear program, least squares a product."""
    if settings.architecture.family in SKLEARN_FAMILIES:
        return 1e-4
    return 5e-6 * settings.architecture.window if settings.training.loss == "mae" else 2e-6
