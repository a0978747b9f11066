"""Choose a model and a window, train it, and watch the train and the held-out loss."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forecasting import charts
from forecasting.evaluation.baselines import baseline_forecast, best_baseline
from forecasting.evaluation.comparison import Comparison, compare
from forecasting.evaluation.wording import MEAN_OF_SEEDS, against_baseline
from forecasting.formats import format_views
from forecasting.formula import formula
from forecasting.jobs.machine import worker_memory
from forecasting.messages import N_, BadInput, Message, join_sentences
from forecasting.metrics import LOSS_NAMES
from forecasting.models.memory import refuse_beyond
from forecasting.models.registry import label_of
from forecasting.records import NOTHING_YET, History, Run
from forecasting.series import Series
from forecasting.settings import SUBTRACT, RunSettings, Training
from forecasting.split import Period, default_split
from pages.parts import diagnosis_panel
from pages.parts.chart import draw_chart
from pages.parts.homework import offer_homework
from pages.parts.job_progress import epochs_done, unless_refused
from pages.parts.links import escape_markdown, reset_if_unavailable
from pages.parts.look import controls_and_picture, is_presented
from pages.parts.polling import CHART_SECONDS, Polling, polling
from pages.parts.run_settings import draw_settings, queue
from pages.parts.session import baseline_levels, open_page
from pages.parts.settings_form import LABELS, STATES, Form
from pages.parts.split_control import choose_split
from pages.parts.store_trouble import show_trouble_of_workers

LONGEST_SHOWN = 80  # letters of a name that a link brings
LARGEST_SOLVED = 56  # days of input times days ahead; larger ones take the solver minutes

session = open_page()
translate = session.translate


def start(settings: RunSettings) -> None:
    """Queue the run and make it the one shown; a run that exists already is just shown.

    A linear model has an exact solution to be compared with: it comes along as a run of its own.
    """
    st.session_state.run = queue(session, settings) or st.session_state.get("run")
    if has_exact_counterpart(settings):
        queue(session, exact_counterpart(settings))
    session.workers.fill()


def has_exact_counterpart(settings: RunSettings) -> bool:
    """A trained line of a size that is solved in seconds."""
    net = settings.architecture
    trained = net.family == "linear" and settings.training.optimizer != "exact"
    return trained and net.window * net.horizon <= LARGEST_SOLVED


def exact_counterpart(settings: RunSettings) -> RunSettings:
    """The same linear model, solved instead of trained."""
    return replace(settings, training=Training(settings.training.loss, "exact"))


def exact_loss(settings: RunSettings) -> dict[str, float]:
    """The train loss of the exact solution, once it is there."""
    if not has_exact_counterpart(settings):
        return {}
    solved = session.store.history(exact_counterpart(settings).run_id(session.channel.fingerprint, session.owner))
    return {N_("Exact solution, train"): float(solved.train_loss[-1, 0])} if len(solved) else {}


def choose_run() -> Run | None:
    """The run shown, one of this channel's; the control is there without a run too, so that the URL knows it."""
    versions = session.versions()
    every = [run for run in session.store.runs(session.owner) if run.fingerprint in versions]
    runs = {run.id: run for run in every if run.fingerprint == session.channel.fingerprint}
    note_linked_run([run.name for run in runs.values()])
    ended = st.session_state.pop("ended", None)
    if ended and st.session_state.get("run") is None:
        st.session_state.run = ended  # a browser that had not heard of the run when it asked for more has taken it back
    gone = st.session_state.get("run")
    if gone and gone not in runs and not session.store.run(session.owner, gone):
        st.toast(translate("The run that was shown has been deleted."), icon=":material/delete:", duration="long")
    reset_if_unavailable("run", runs, None)
    chosen = st.selectbox(
        translate("Run shown"),
        runs,
        format_func=lambda i: runs[i].name,
        key="run",
        bind="query-params",
        index=None,
        placeholder=translate("None"),
    )
    if earlier := len(every) - len(runs):
        text = N_(
            "{count} run was trained before the channel's days or events changed. It is on Compare and Forecast.",
            "{count} runs were trained before the channel's days or events changed. They are on Compare and Forecast.",
        )
        st.caption(Message(text, {"count": earlier}).translated(translate))
    return runs[chosen] if chosen else None


def note_linked_run(names: list[str]) -> None:
    """Remember a run that a link names and that is not among one's own."""
    linked = st.query_params.get("run")
    if "linked_run" not in st.session_state:
        elsewhere = "linked_channel" in st.session_state  # the run is of data that are not here
        st.session_state.linked_run = linked if linked and linked not in names and not elsewhere else None


def offer_linked_run(settings: RunSettings | None, shown: Run | None) -> None:
    """Train the run of a link, whose settings are in the controls; gone once a run is shown."""
    name = st.session_state.get("linked_run")
    if shown or not name:
        st.session_state.linked_run = None
        return
    text = translate("The link shows the run “{name}”, which is not among yours. Its settings are in the controls.")
    st.info(escape_markdown(text.format(name=name[:LONGEST_SHOWN])), icon=":material/link:")
    if settings:
        label, icon = translate("Train the same run"), ":material/play_arrow:"
        st.button(label, key="train_linked", icon=icon, on_click=start, args=(settings,))


def history_of(run: Run) -> History:
    """The run's rows so far; only those not yet seen are read from the store."""
    key, known = st.session_state.get("history", (None, NOTHING_YET))
    known = known if key == (run.id, run.queued) else NOTHING_YET
    known = known.followed_by(session.store.history(run.id, after=int(known.epoch[-1]) if len(known) else 0))
    st.session_state.history = ((run.id, run.queued), known)
    return known


@st.cache_data(max_entries=64, show_spinner=False)
def spec_of(
    language: str,
    epochs: int,
    loss: str,
    log: bool,
    lines: dict[str, float],
    floor: float | None,
    validated: bool,
    presented: bool,
) -> dict:
    """The chart without its data, built once for a run."""
    return charts.loss_spec(
        epochs, lines, LOSS_NAMES[loss], log=log, translate=translate, floor=floor, validated=validated
    )


def draw_figures(settings: RunSettings, losses: tuple[float, float] | None, lines: dict[str, float]) -> None:
    """Both losses, the baseline that is harder to beat, and the size of the model."""
    unit = LOSS_NAMES[settings.training.loss]
    with st.grid(4, min_column_width=150):
        for label, loss in zip(
            (translate("Train loss"), translate("Held-out loss")), losses or (np.nan, np.nan), strict=True
        ):
            shown = format_views(loss, translate) if np.isfinite(loss) else "–"
            st.metric(f"{label} ({unit})", shown, help=translate(MEAN_OF_SEEDS))
        baseline = harder_baseline(settings)
        st.metric(
            translate(label_of(baseline)),
            format_views(lines[baseline], translate),
            help=translate("This baseline's loss on the held-out days. On the training days it erred least of all."),
        )
        unknowns = f"{settings.parameters:,}" if settings.parameters else "–"
        st.metric(translate("Parameters"), unknowns, help=translate("Weights and biases of one seed."))


def harder_baseline(settings: RunSettings) -> str:
    """The baseline to beat, chosen on the training days."""
    channel = session.channel
    return _harder_baseline(channel.series, channel.fingerprint, settings.split.train, settings.architecture.horizon)


@st.cache_data(max_entries=256, show_spinner=False)
def _harder_baseline(_series: Series, fingerprint: str, training: Period, ahead: int) -> str:
    return best_baseline(_series, training, ahead)


def losses_of(run: Run, history: History) -> tuple[float, float] | None:
    """Train and held-out loss, means over seeds: of the last epoch, and once ended of the weights that are kept."""
    if not len(history):
        return None
    if run.active:
        return float(history.train_loss[-1].mean()), float(history.held_out_loss[-1].mean())
    kept = session.store.final_losses(session.owner, run.id).iloc[0]
    return kept["train"], kept["held_out"]


def draw_progress(run: Run, history: History) -> None:
    """How far, how long still, and a button that stops."""
    bar, pause, stop = st.columns([6, 2, 2], vertical_alignment="center")
    bar.progress(len(history) / run.settings.training.epochs, epochs_done(session, run, history))
    if not run.settings.solved_at_once:
        pause.button(
            translate("Pause"),
            icon=":material/pause:",
            on_click=ask_worker,
            args=(session.jobs.pause, run.id),
            width="stretch",
        )
    stop.button(
        translate("Stop"),
        icon=":material/stop:",
        on_click=ask_worker,
        args=(session.jobs.cancel, run.id),
        width="stretch",
    )
    show_trouble_of_workers(session)


def ask_worker(request: Callable[[str, str], None], run_id: str) -> None:
    """Ask the run to pause or stop, and give it a moment: it mostly has by the time the page is drawn again."""
    request(session.owner, run_id)
    for _moment in range(10):
        run = session.store.run(session.owner, run_id)
        if not (run and run.active):
            return
        time.sleep(0.02)


def resume(run_id: str) -> None:
    """Continue a run from its last checkpoint."""
    unless_refused(session, lambda: session.store.resume(session.owner, run_id))
    session.workers.fill()


def offer_to_resume(run: Run) -> None:
    """A paused, stopped or failed run can go on from its last checkpoint."""
    epoch, epochs = session.store.resumable_epoch(run.id), run.settings.training.epochs
    if run.status not in ("paused", "stopped", "failed") or not (epoch or run.status == "paused") or epoch >= epochs:
        return
    label = translate("Continue from epoch {epoch} of {epochs}").format(epoch=epoch, epochs=epochs)
    st.button(
        f"{translate(STATES[run.status])}. {label}", icon=":material/play_arrow:", on_click=resume, args=(run.id,)
    )


def live(
    settings: RunSettings, run_id: str | None, *, looks: Polling, figures: DeltaGenerator, log_scale: bool
) -> None:
    """Figures, curves and progress; redrawn alone while the run is active, and the whole page once it has ended."""
    run = session.store.run(session.owner, run_id) if run_id else None
    if run and looks.is_over([run]):
        st.rerun()
    history = history_of(run) if run else NOTHING_YET
    lines, floor = baseline_levels(session.channel, session.channel.fingerprint, settings)
    with figures.container():
        draw_figures(settings, losses_of(run, history) if run else None, lines)
    training, validated = settings.training, settings.regularisation.validation > 0
    lines = lines | exact_loss(settings)
    spec = spec_of(session.language, training.epochs, training.loss, log_scale, lines, floor, validated, is_presented())
    st.vega_lite_chart(
        charts.loss_frame(history),
        spec,
        key="curves",
        alt=translate("Train and held-out loss by epoch, with baselines"),
    )
    progress = st.empty()
    if run and run.active:
        with progress.container():
            draw_progress(run, history)
    elif looks.seconds:
        progress.empty()  # gone at once; the page around it follows
        st.session_state.ended = run_id
        st.rerun()


@st.cache_data(max_entries=128, show_spinner=False, hash_funcs={RunSettings: hash})
def against(
    _series: Series, fingerprint: str, predictions: pd.DataFrame, settings: RunSettings, baseline: str
) -> tuple[Comparison, float, int]:
    """How a run's predictions compare with a baseline's on the same days, its error, and how many seeds are better."""
    days, ahead = predictions.index, settings.architecture.horizon
    actual = _series.views[days].to_numpy()
    expected = np.abs(baseline_forecast(baseline, _series, days, ahead=ahead) - actual)
    errors = np.abs(predictions.to_numpy().T - actual)
    found = compare(errors, expected, ahead=ahead, seeded=(not settings.solved_at_once, False))
    return found, float(expected.mean()), int((errors.mean(axis=1) < expected.mean()).sum())


def draw_held_out(run: Run) -> None:
    """The verdict, and real against predicted over the held-out days."""
    predictions = session.store.predictions(run.id)
    if predictions is None:
        return
    ahead = run.settings.architecture.horizon
    one_day = translate("Held-out days, one day ahead")
    st.subheader(one_day if ahead == 1 else translate("Held-out days, {ahead} days ahead").format(ahead=ahead))
    baseline = harder_baseline(run.settings)
    found, error, seeds_better = against(
        session.channel.series, session.channel.fingerprint, predictions, run.settings, baseline
    )
    show, icon = {
        "better": (st.success, ":material/trending_up:"),
        "worse": (st.error, ":material/trending_down:"),
        "cannot tell": (st.info, ":material/help:"),
    }[found.answer]
    said = against_baseline(found, translate(label_of(baseline)), baseline_error=error, seeds_better=seeds_better)
    show(said.translated(translate), icon=icon)
    measured = session.channel.series.measured  # what was filled in is not real
    chart = partial(
        charts.real_and_predicted,
        measured,
        predictions,
        translate,
        weekdays=session.weekdays(),
        events=session.channel.events,
    )
    draw_chart(session, chart, alt=translate("Real and predicted views over the held-out days"))
    st.page_link(
        "pages/forecast.py",
        label=translate("Forecast with this run"),
        icon=":material/online_prediction:",
        query_params={"forecaster": run.name},
    )


def say_inputs(settings: RunSettings) -> str:
    """What the model sees and predicts, beside the days of the formula."""
    inputs = settings.inputs
    said = [translate("x₁ is yesterday's views; all other letters are learnt.")]
    said += [translate("Standardised by the training days.")] if inputs.standardise else []
    said += [translate("It sees and predicts logarithms of views.")] if inputs.log else []
    words = {name: translate(word) for name, word in LABELS.items()}
    said += [f"{words['subtract']}: {translate(SUBTRACT[inputs.subtract])}."] if inputs.subtract != "nothing" else []
    extra = [words["weekday"]] * inputs.weekday + [f"{words['country']} {inputs.country}"] * bool(inputs.country)
    extra += [words["with_events"]] * inputs.with_events
    return join_sentences(said + [f"{', '.join(extra)}."] * bool(extra))


st.title(translate("Train"))
st.caption(
    translate(
        "A model sees the days of its window and predicts the next day. Watch its loss on the training "
        "days and on days it has not seen."
    )
)
figures = st.empty()
controls, picture = controls_and_picture(translate)

with controls:
    form, troubles = Form(session), []
    settings: RunSettings | None = None
    try:
        split = choose_split(session.channel.views, translate)
    except BadInput as trouble:
        split, troubles = default_split(session.channel.views), [trouble]
    try:
        settings = form.settings(split)
        baseline_levels(session.channel, session.channel.fingerprint, settings)
        refuse_beyond(worker_memory(), settings, split.train.days)
    except BadInput as trouble:
        troubles.append(trouble)
    settings = None if troubles else settings
    pressed = form.middle.button(
        translate("Train"),
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=settings is None,
    )
    if troubles:  # beside the button that they disable
        form.middle.warning(escape_markdown(troubles[0].translated(translate)), icon=":material/event_busy:")
    if pressed and settings:
        start(settings)

with picture:
    run = choose_run()
    offer_linked_run(settings, run)
    shown = run.settings if run else settings
    if shown is None:
        st.stop()
    active = bool(run and run.active)
    looks = polling(session, [run] if run else [], CHART_SECONDS)
    st.fragment(live, run_every=looks.seconds)(
        shown,
        run.id if run else None,
        looks=looks,
        figures=figures,
        log_scale=st.session_state.get("log_scale", True),
    )
    st.toggle(translate("Log scale"), True, key="log_scale", bind="query-params")
    if run and run.reason:
        st.error(escape_markdown(run.reason.translated(translate)), icon=":material/error:")
    if run:
        offer_to_resume(run)
    if run:
        draw_settings(session, run, settings)
    if run and not active:
        draw_held_out(run)
        diagnosis_panel.draw(session, run, st.rerun)
        offer_homework(session, run, session.channel)
    with st.expander(translate("The model as a formula"), icon=":material/function:"):
        st.latex(formula(shown.architecture))
        st.caption(say_inputs(shown))
