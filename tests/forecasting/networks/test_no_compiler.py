"""torch learns the same without its compiler, and has it where it is asked for."""

import subprocess
import sys

import pytest

TRAIN = """
import sys
if {without}:
    from forecasting.networks.no_compiler import leave_compiler_out
    leave_compiler_out()
import torch
from forecasting.networks.inputs import Prepared
from forecasting.networks.network import StackedNetwork
from forecasting.networks.updates import Descent
from forecasting.settings import Architecture, Training
torch.manual_seed(0)
inputs, targets = torch.randn(50, 3), torch.randn(50, 1)
for name in ("adam", "rmsprop", "lbfgs"):
    network = StackedNetwork(Architecture(window=2), [0, 1])
    descent = Descent(network, Training(seeds=2, optimizer=name))
    for _epoch in range(3):
        descent.epoch(Prepared(inputs, targets, targets, targets), 0.01, lambda: False)
    print(name, network.parameters.double().abs().sum().item())
assert ("sympy" in sys.modules) is not {without}
if {without}:
    import torch._dynamo.config
    assert torch._dynamo.is_compiling() is False and "sympy" in sys.modules
"""


@pytest.mark.slow
def test_training_is_the_same_without_the_compiler_which_comes_where_it_is_asked_for():
    def trained(without: bool) -> str:
        command = [sys.executable, "-c", TRAIN.format(without=without)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    learnt = trained(without=True)
    assert len(learnt.splitlines()) == 3
    assert learnt == trained(without=False)
