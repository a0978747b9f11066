"""Losses after a softmax: slopes against autograd, surfaces against a loop, paths against torch.optim, both claims."""

import numpy as np
import pytest
import torch

from forecasting.lectures.class_losses import (
    EPSILONS,
    LOSS_NAMES,
    METHODS,
    adam_rescues,
    gradient_of,
    logit_paths,
    logit_surface,
    loss_of,
    softmax,
    squared_error_sticks,
    with_third,
)


def by_torch(logits: torch.Tensor, target: int, loss: str) -> torch.Tensor:
    if loss == "cross-entropy":
        return torch.nn.functional.cross_entropy(logits, torch.tensor(target))
    return ((torch.softmax(logits, 0) - torch.eye(len(logits))[target]) ** 2).sum()


@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("logits", [(-8.0, 8.0, -1000.0), (0.3, -1.0, 2.0), (600.0, -600.0, 0.0)])
def test_loss_and_slope_equal_torchs(loss, logits):
    at = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    value = by_torch(at, 1, loss)
    value.backward()
    assert loss_of(np.array(logits), 1, loss) == pytest.approx(value.item())
    np.testing.assert_allclose(gradient_of(np.array(logits), 1, loss), at.grad, atol=1e-12)


def test_softmax_is_the_lectures():
    np.testing.assert_allclose(softmax(np.array([3.0, 1.0, -3.0])), [0.88, 0.12, 0.0], atol=0.005)


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_a_surface_has_y1_along_its_rows(loss):
    places = np.array([-2.0, 0.0, 3.0])
    slow = [[loss_of(with_third(np.array([first, second])), 0, loss) for first in places] for second in places]
    np.testing.assert_allclose(logit_surface(loss, 0, places), slow)


@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("method", METHODS)
def test_a_path_equals_torchs(loss, method):
    path = logit_paths(0, (-3.0, 2.0), method)[loss]
    at = torch.tensor([-3.0, 2.0, -1000.0], dtype=torch.float64, requires_grad=True)
    optimizer = {
        "sgd": lambda: torch.optim.SGD([at], lr=0.5),
        "adam": lambda: torch.optim.Adam([at], lr=0.1, eps=1e-8),
        "adam-coarse": lambda: torch.optim.Adam([at], lr=0.1, eps=1e-4),
    }[method]()
    for point in path.points[1:100]:
        optimizer.zero_grad()
        by_torch(at, 0, loss).backward()
        optimizer.step()
        np.testing.assert_allclose(point, at.detach()[:2], atol=1e-6)


def answers(start: tuple[float, float], method: str = "adam", target: int = 0) -> tuple[str, str]:
    by_descent, by_adam = (logit_paths(target, start, one) for one in ("sgd", method))
    rescued = adam_rescues(target, by_descent, by_adam, epsilon=EPSILONS[method])
    return squared_error_sticks(by_descent).answer, rescued.answer


def test_squared_error_sticks_at_the_top_left_and_adam_rescues_it():
    start = (-8.0, 8.0)
    by_descent = logit_paths(0, start, "sgd")
    assert by_descent["cross-entropy"].end == pytest.approx(0.999, abs=5e-4)
    assert np.abs(by_descent["mse"].points[-1] - start).max() == pytest.approx(2e-4, abs=1e-4)
    assert logit_paths(0, start, "adam")["mse"].end == pytest.approx(0.995, abs=5e-4)
    assert answers(start) == ("holds", "holds")


@pytest.mark.parametrize("start", [(8.0, -8.0), (0.0, 0.0)])
def test_where_it_does_not_stick_there_is_nothing_to_rescue(start):
    assert answers(start) == ("does not hold here", "does not hold here")


def test_the_other_target_sticks_on_the_other_side():
    assert answers((8.0, -8.0), target=1) == ("holds", "holds")


def test_adam_rescues_only_where_the_slope_is_large_against_epsilon():
    assert answers((-10.0, 10.0)) == ("holds", "holds")
    assert answers((-10.0, 10.0), "adam-coarse") == ("holds", "does not hold here")
