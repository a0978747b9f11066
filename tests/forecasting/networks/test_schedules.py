"""Learning rates against torch's schedulers and by hand."""

import pytest
import torch
from torch.optim import lr_scheduler

from forecasting.networks.schedules import rate
from forecasting.settings import Training

TORCH = {
    "constant": lambda optimizer: lr_scheduler.ConstantLR(optimizer, 1),
    "step": lambda optimizer: lr_scheduler.StepLR(optimizer, 4, 0.3),
    "cosine": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 20),
}


def torch_rates(schedule: str, warmup: int, epochs: int) -> list[float]:
    """The same schedule after the same rise."""
    optimizer = torch.optim.SGD([torch.zeros(1)], 0.2)
    scheduler = TORCH[schedule](optimizer)
    if warmup:
        rise = lr_scheduler.LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup)
        scheduler = lr_scheduler.SequentialLR(optimizer, [rise, scheduler], [warmup])
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize("schedule", TORCH)
@pytest.mark.parametrize("warmup", [0, 5])
@pytest.mark.filterwarnings("ignore")  # torch's own, about an argument that SequentialLR passes
def test_rates_are_those_of_torch(schedule, warmup):
    epochs = 20 + warmup
    training = Training(learning_rate=0.2, epochs=epochs, schedule=schedule, warmup=warmup, decay=0.3, decay_epochs=4)
    assert [rate(training, epoch) for epoch in range(1, epochs + 1)] == pytest.approx(
        torch_rates(schedule, warmup, epochs), abs=1e-6
    )


def test_one_over_t_by_hand():
    training = Training(learning_rate=0.6, schedule="1/t", decay_epochs=10)
    rates = [rate(training, epoch) for epoch in (1, 2, 11, 21, 51)]
    assert rates == pytest.approx([0.6, 0.6 / 1.1, 0.3, 0.2, 0.1])


def test_warm_up_rises_in_equal_steps_to_the_rate():
    training = Training(learning_rate=0.4, warmup=3)
    assert [rate(training, epoch) for epoch in range(1, 6)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])
