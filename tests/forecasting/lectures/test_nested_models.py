"""Nested linear models against scikit-learn, torch's descent and slow loops."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

from forecasting.lectures.nested_models import Examples, Fits, Problem, look_up


def examples(count: int, columns: int = 6, seed: int = 0) -> Examples:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(5, 2, (count, columns)) * np.arange(1, columns + 1)
    return Examples(inputs, 3 + inputs @ rng.normal(size=columns) + rng.normal(size=count))


@pytest.mark.parametrize("columns", [1, 3, 6])
def test_least_squares_is_scikit_learns(columns):
    train = examples(40)
    model, other = Fits(train).least_squares(columns), LinearRegression()
    other.fit(train.inputs[:, :columns], train.targets)
    assert model.weights == pytest.approx(other.coef_)
    assert model.intercept == pytest.approx(other.intercept_)


@pytest.mark.parametrize("ridge", [0.01, 1.0, 30.0])
def test_ridge_is_scikit_learns_on_standardised_columns(ridge):
    train = examples(40)
    scaled = StandardScaler().fit_transform(train.inputs[:, :4])
    other = Ridge(alpha=ridge * 40).fit(scaled, train.targets)  # theirs is of the sum of squares, ours of the mean
    assert Fits(train).least_squares(4, ridge).predict(train.inputs) == pytest.approx(other.predict(scaled))


@pytest.mark.parametrize("updates", [1, 7, 100])
def test_early_stopping_is_where_torchs_descent_stands(updates):
    train = examples(30)
    scaled = torch.from_numpy(StandardScaler().fit_transform(train.inputs[:, :3]))
    targets = torch.from_numpy(train.targets - train.targets.mean())
    weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    largest = float(torch.linalg.matrix_norm(scaled, 2) ** 2 / 30)
    descent = torch.optim.SGD([weights], lr=1 / largest)
    for _update in range(updates):
        descent.zero_grad()
        (0.5 * ((scaled @ weights - targets) ** 2).mean()).backward()
        descent.step()
    expected = (scaled @ weights).detach().numpy() + train.targets.mean()
    assert Fits(train).after(3, updates).predict(train.inputs) == pytest.approx(expected)


def test_more_columns_than_examples_meet_every_point_by_the_smallest_weights():
    train = examples(4)
    model = Fits(train).least_squares(6)
    assert model.predict(train.inputs) == pytest.approx(train.targets)
    scaled = StandardScaler().fit_transform(train.inputs)
    smallest = np.linalg.lstsq(scaled, train.targets - train.targets.mean(), rcond=None)[0]
    assert model.weights * train.inputs.std(axis=0) == pytest.approx(smallest)


def test_columns_that_do_not_vary_are_no_use_and_no_harm():
    train = examples(20)
    train.inputs[:, 1] = 7.0
    assert np.isfinite(Fits(train).least_squares(6).predict(train.inputs)).all()


def test_curve_has_the_losses_of_each_complexity_and_train_only_falls():
    parts = [examples(count, seed=0) for count in (15, 30, 60)]
    problem = Problem(*parts, range(1, 7))
    curve = problem.curve()
    for columns, losses in zip(range(1, 7), curve, strict=True):
        other = LinearRegression().fit(parts[0].inputs[:, :columns], parts[0].targets)
        expected = [((other.predict(part.inputs[:, :columns]) - part.targets) ** 2).mean() for part in parts]
        assert losses == pytest.approx(expected)
    assert (np.diff(curve[:, 0]) <= 1e-9).all()


def test_chosen_is_the_best_on_validation():
    problem = Problem(*(examples(count, seed=0) for count in (8, 30, 60)), range(1, 7))
    models = [problem.fits.least_squares(columns) for columns in problem.complexities]
    best = problem.chosen(models)
    assert problem.loss(best, problem.validation) == min(problem.curve()[:, 1])


def test_look_up_is_the_nearest_neighbour():
    train, asked = examples(50), examples(20, seed=1)
    other = KNeighborsRegressor(1).fit(train.inputs, train.targets)
    assert look_up(train, asked.inputs) == pytest.approx(other.predict(asked.inputs))
    assert look_up(train, train.inputs) == pytest.approx(train.targets)
