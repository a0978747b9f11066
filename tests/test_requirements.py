"""Every platform gets exactly one torch, and all get the same; the lock files are of these requirements."""

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
LINES = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
TORCH = [Requirement(line) for line in LINES if line.startswith("torch")]
PYTHONS = ("3.11", "3.12", "3.13")
MACHINES = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64"))


def torch_for(python: str, system: str, machine: str) -> list[Requirement]:
    facts = {"python_version": python, "sys_platform": system, "platform_machine": machine}
    return [line for line in TORCH if line.marker is None or line.marker.evaluate(facts)]


@pytest.mark.parametrize(("python", "machine"), list(product(PYTHONS, MACHINES)))
def test_one_torch_for_each_python_and_machine(python, machine):
    assert len(torch_for(python, *machine)) == 1


@pytest.mark.parametrize("python", PYTHONS)
def test_hosted_linux_gets_the_same_torch_without_cuda(python):
    (wheel,) = torch_for(python, "linux", "x86_64")
    (plain,) = torch_for(python, "darwin", "arm64")
    tag = f"cp{python.replace('.', '')}"
    version = str(plain.specifier).removeprefix("==")
    assert wheel.url is not None
    assert unquote(urlsplit(wheel.url).path).endswith(f"/cpu/torch-{version}+cpu-{tag}-{tag}-manylinux_2_28_x86_64.whl")


# The lock files


@dataclass(frozen=True)
class Locked:
    """A package as a lock file has it."""

    requirement: Requirement
    hashes: frozenset[str]
    asked_by: frozenset[str]


def locked(name: str) -> list[Locked]:
    """The entries of a lock file, read without the tool that wrote it."""
    text = (ROOT / ".container" / name).read_text("utf-8")
    entries = re.split(r"\n(?=[a-z])", re.sub(r"\A(#.*\n)+", "", text).strip())
    return [
        Locked(
            Requirement(entry.split("\n")[0].removesuffix("\\").strip()),
            frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)),
            frozenset(re.findall(r"#\s+(?:via )?(\S+(?: \S+\.txt)?)", entry)),
        )
        for entry in entries
    ]


def asked(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


LOCKS = [("requirements.txt", "requirements.lock"), ("tests/requirements.txt", "tests.lock")]


@pytest.mark.parametrize(("source", "lock"), LOCKS)
def test_a_lock_file_has_what_is_asked_for_as_it_is_pinned_and_no_more(source, lock):
    """Else `make lock` is due."""
    linux = {"sys_platform": "linux", "platform_machine": "x86_64"}
    wanted = {
        (one.name.lower(), str(one.url or one.specifier))
        for one in asked(source)
        if one.marker is None or any(one.marker.evaluate(linux | {"python_version": python}) for python in PYTHONS)
    }
    directly = [one.requirement for one in locked(lock) if f"-r {source}" in one.asked_by]
    assert {(one.name, str(one.url or one.specifier)) for one in directly} == wanted


@pytest.mark.parametrize("lock", [lock for _source, lock in LOCKS])
def test_every_locked_package_has_one_version_and_its_hashes(lock):
    for one in locked(lock):
        assert one.hashes, one.requirement.name
        assert one.requirement.url or re.fullmatch(r"==[^,*]+", str(one.requirement.specifier)), one.requirement.name


def test_both_lock_files_agree_on_what_both_have():
    app, tests = ({one.requirement.name: str(one.requirement.specifier) for one in locked(lock)} for _, lock in LOCKS)
    assert {name: tests[name] for name in app.keys() & tests.keys()} == {
        name: app[name] for name in app.keys() & tests.keys()
    }


def test_a_cluster_has_what_the_tests_were_run_with():
    tested = {one.name: one.specifier for one in asked("tests/requirements.txt")}
    assert [tested[one.name] for one in asked("requirements-cluster.txt")] == [
        one.specifier for one in asked("requirements-cluster.txt")
    ]


def test_torch_is_locked_by_the_hash_that_its_address_says():
    wheels = [one for one in locked("requirements.lock") if one.requirement.name == "torch"]
    assert len(wheels) == len(PYTHONS)
    for wheel in wheels:
        address = urlsplit(wheel.requirement.url)
        assert (address.hostname, {address.fragment}) == (
            "download.pytorch.org",
            {f"sha256={one}" for one in wheel.hashes},
        )
