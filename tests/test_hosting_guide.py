"""The guide for hosts and the container files say what the program does."""

import re
from pathlib import Path

import pytest

from forecasting.hosting import read_hosting

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / ".github/HOSTING.md").read_text("utf-8")
DOCKERFILE = (ROOT / ".container/Dockerfile").read_text("utf-8")
VARIABLE = r"VIEWCAST_[A-Z][A-Z_]+"


def table() -> dict[str, str]:
    """Variables of the guide's table, with their defaults."""
    return dict(re.findall(rf"^\| `({VARIABLE})` \| ([^|]+) \|", GUIDE, re.MULTILINE))


def read_by_the_program() -> set[str]:
    sources = [ROOT / "app.py", *(ROOT / "forecasting").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    return {name for source in sources for name in re.findall(rf'"({VARIABLE})"', source.read_text("utf-8"))}


def test_the_table_names_every_variable_that_the_program_reads_and_no_other():
    assert table().keys() == read_by_the_program()


def test_the_table_tells_the_defaults_of_a_hosted_server():
    limits = dict(line.split() for line in read_hosting(None, {}).described().splitlines())
    said = {name: default for name, default in table().items() if default.isdecimal()}
    assert said
    assert said == {name: limits[name] for name in said}
    assert {name for name, value in limits.items() if value != "none"} == {*said}


@pytest.mark.parametrize("name", [".github/HOSTING.md", "README.md"])
def test_links_to_files_of_the_repository_lead_somewhere(name):
    here = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", here.read_text("utf-8"))
    assert links
    assert [link for link in links if not (here.parent / link).exists()] == []


def test_what_the_guide_and_the_container_set_can_be_read():
    for name in (".container/compose.yaml", ".container/Dockerfile", ".github/HOSTING.md"):
        used = set(re.findall(VARIABLE, (ROOT / name).read_text("utf-8")))
        assert used <= read_by_the_program(), name


def test_the_container_starts_from_pinned_images_and_is_nobody_of_importance():
    compose = (ROOT / ".container/compose.yaml").read_text("utf-8")
    images = re.findall(r"^ARG BASE=(\S+)", DOCKERFILE, re.MULTILINE) + re.findall(r"image: (\S+/\S+)", compose)
    assert len(images) == 2
    assert all(re.search(r":\d+\.\d+(\.\d+)?-[a-z-]+$", image) for image in images)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes" in DOCKERFILE


def test_the_image_gets_what_the_app_runs_on_and_no_tests():
    allowed = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
