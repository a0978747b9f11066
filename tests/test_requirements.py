"""Every platform gets exactly one torch, and all get the same."""

from itertools import product
from pathlib import Path
from urllib.parse import unquote

import pytest
from packaging.requirements import Requirement

LINES = (Path(__file__).parent.parent / "requirements.txt").read_text("utf-8").splitlines()
TORCH = [Requirement(line) for line in LINES if line.startswith("torch")]
PYTHONS = ("3.11", "3.12", "3.13")
MACHINES = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64"))


def torch_for(python: str, system: str, machine: str) -> list[Requirement]:
    facts = {"python_version": python, "sys_platform": system, "platform_machine": machine}
    return [line for line in TORCH if line.marker is None or line.marker.evaluate(facts)]


@pytest.mark.parametrize(("python", "machine"), list(product(PYTHONS, MACHINES)))
def test_one_torch_for_each_python_and_machine(python, machine):
    assert len(torch_for(python, *machine)) == 1


@pytest.mark.parametrize("python", ["3.12", "3.13"])
def test_hosted_linux_gets_the_same_torch_without_cuda(python):
    (wheel,) = torch_for(python, "linux", "x86_64")
    (plain,) = torch_for(python, "darwin", "arm64")
    tag = f"cp{python.replace('.', '')}"
    version = str(plain.specifier).removeprefix("==")
    assert wheel.url is not None
    assert unquote(wheel.url).endswith(f"/cpu/torch-{version}+cpu-{tag}-{tag}-manylinux_2_28_x86_64.whl")
