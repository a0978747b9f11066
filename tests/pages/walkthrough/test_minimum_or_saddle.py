"""Chapter 9: what the state says is what the page says, on the toy and on one's own network."""

import re
from dataclasses import replace
from datetime import date

import pytest

from forecasting.jobs.machine import use_one_thread
from forecasting.jobs.queue import JobQueue
from forecasting.jobs.requests import CurvatureRequest
from forecasting.lectures.along_training import look_along
from forecasting.lectures.critical_points import NETS, AlongTraining, Extremes, Look, net_settings
from forecasting.records import Progress
from forecasting.sample import sample_channel
from forecasting.settings import Architecture, RunSettings, Training
from forecasting.split import Period, Split, default_split
from tests.pages.parts.test_diagnosis_panel import visitors_view
from tests.pages.walkthrough.test_chapters import MOST_CONTROLS, MOST_WORDS, controls, words_on
from tests.support.filled_store import chance, write

PAGE = "walkthrough/minimum_or_saddle"
SPLIT = default_split(sample_channel().views)


def said(app, kind: str) -> str:
    return " ".join(element.value for element in app.main.get(kind))


@pytest.mark.parametrize(
    ("point", "kind", "words"),
    [
        ("0,0", "success", "The step takes the loss from 1.00 to 0.25"),
        ("1,1", "warning", "a minimum"),
        ("1,0", "warning", "not a critical point"),
    ],
)
def test_the_toy_says_what_the_point_is(visit, point, kind, words):
    app = visit(PAGE, point=point, step="1")
    assert words in said(app, kind)


def test_formula_and_table_follow_the_point(visit):
    app = visit(PAGE, point="1,1")
    assert r"2 & 2 \\ 2 & 2" in app.latex[0].value
    assert "| Eigenvalues | −2, 2 | 0.00, 4.00 |" in said(app, "markdown")
    app = visit(PAGE, point="0,0")
    assert r"0 & -2 \\ -2 & 0" in app.latex[0].value


@pytest.mark.parametrize("point", ["nowhere", "nan,nan", "1"])
def test_a_point_that_is_none_is_where_it_stands_at_first(visit, point):
    assert "(-0.60)(0.90)" in visit(PAGE, point=point).latex[0].value


def test_own_network_waits_for_its_training_and_says_what_mae_is(visit):
    app = visit(PAGE, on="Own network")
    assert "Guess first" in said(app, "caption")
    assert "MAE has kinks" not in said(app, "caption")
    app.selectbox(key="loss").set_value("mae").run()
    assert "MAE has kinks" in said(app, "caption")
    (link,) = [link for link in app.main.get("page_link") if link.proto.label == "Open in Train"]
    assert "units=12" in link.proto.query_string


def looked_at(app, net: str, known: AlongTraining) -> None:
    """Put the result of a worker into the visitor's store."""
    here, request = visitors_view(app), CurvatureRequest(net_settings(SPLIT, NETS[net][1], "mse"))
    job_id, queue = here.jobs.submit(here.owner, sample_channel(), request), JobQueue(here.store.engine)
    assert queue.claim_next() == (job_id, "curvature")
    queue.start(job_id, 1)
    queue.report(job_id, 1, Progress(1.0, known, status="finished"))


def small_training() -> AlongTraining:
    """Three epochs of the first network, as a worker goes through them."""
    use_one_thread()
    settings = net_settings(SPLIT, NETS["sigmoid"][1], "mse")
    few = replace(settings, training=replace(settings.training, epochs=3))
    *_reports, (_share, known) = look_along(sample_channel().series, few)
    return known


def by_ends(look: Look) -> Look:
    return replace(look, curvature=Extremes(*look.curvature.ends, 20))


@pytest.mark.slow
def test_own_network_is_shown_at_the_checkpoint_that_is_chosen(visitor):
    app, known = visitor.go(PAGE), small_training()
    looked_at(app, "sigmoid", known)
    app.selectbox(key="on").set_value("net").run()
    assert f"L = {known.way[-1].loss:.4f}" in app.latex[0].value
    assert "Training ends at no minimum" in said(app, "success") + said(app, "warning") + said(app, "info")
    app.select_slider(key="checkpoint").set_value(0).run()
    assert f"L = {known.way[0].loss:.4f}" in app.latex[0].value
    counts = re.search(r"Positive / zero / negative \| – \| (\d+) / (\d+) / (\d+)", said(app, "markdown"))
    assert sum(map(int, counts.groups())) == 109
    assert len(words_on(app)) <= MOST_WORDS
    assert len(controls(app)) <= MOST_CONTROLS
    large = replace(known, way=tuple(map(by_ends, known.way)), ends=tuple(map(by_ends, known.ends)))
    looked_at(app, "wide", large)
    app.selectbox(key="net").set_value("wide").run()
    assert "by Lanczos" in said(app, "caption")
    assert "Minimum ratio" not in said(app, "markdown")


def test_a_run_of_ones_own_is_a_choice_and_opens_with_its_loss_and_days(visitor):
    app = visitor.go(PAGE, on="Own network")
    here = visitors_view(app)
    split = Split(Period(date(2018, 1, 1), date(2019, 12, 31)), Period(date(2020, 1, 1), date(2020, 6, 30)))
    settings = RunSettings(split, Architecture("relu", 3, 1, 2), Training(epochs=2, seeds=1))
    for name, run in (("My run", settings), ("Exact", replace(settings, architecture=Architecture("linear", 3)))):
        if name == "Exact":
            run = replace(run, training=replace(run.training, optimizer="exact"))
        queue = JobQueue(here.store.engine)
        here.store.submit(here.owner, sample_channel(), run, name=name)
        write(queue.claim_next().id, queue, run, chance(1))
    app = visitor.go(PAGE, on="Own network")
    assert "My run" in app.selectbox(key="net").options
    assert "Exact" not in app.selectbox(key="net").options
    (mine,) = [run for run in here.store.runs(here.owner) if run.name == "My run"]
    app.selectbox(key="net").set_value(mine.id).run()
    assert "held out 2020-01-01 to 2020-06-30" in said(app, "caption")
    assert "MAE has kinks" in said(app, "caption")
    assert "loss" not in {control.key for control in controls(app)}
