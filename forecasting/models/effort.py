"""How long a fit takes: what shares of the work, and so the time left, are told by."""

from forecasting.settings import RunSettings


def effort(settings: RunSettings, windows: int) -> float:
    """Roughly the seconds that one fit to so many `windows` takes on a quiet machine."""
    training, steps = settings.training, -(-windows // (settings.training.batch_size or windows))
    if settings.solved_at_once:
        return 2e-4 * windows * (1 + settings.architecture.window / 14 * (training.loss == "mae"))
    an_update = 1.5e-4 + 4e-10 * training.seeds * settings.parameters * windows / steps
    return training.epochs * (steps * an_update + 2e-4)
