"""Choose a model and a window, train it, and watch the train and the held-out loss."""

import time

import streamlit as st

from forecasting import charts
from forecasting.baselines import same_day_last_week
from forecasting.errors import BadInput
from forecasting.metrics import NAMES
from forecasting.runs import NOTHING_YET, History, Run
from forecasting.settings import BOUNDS, Architecture, RunSettings, Training
from forecasting.verdict import judge
from pages.session import (
    FAMILIES,
    LOSSES,
    OPTIMIZERS,
    choose_split,
    fall_back,
    note_bad_link,
    open_page,
    references,
    unlike,
)

RATES = [m * 10.0**e for e in range(-5, 0) for m in (1, 3)] + [1.0]
WINDOWS = (1, 7, 28, 56)  # days; the lecture's
NARROW = 75  # pixels a number needs
TICK = 0.2  # seconds between two redraws of a live chart

here = open_page()
_ = here.say


def number(label: str, name: str, default: float, **more) -> float:
    """A number within the bounds of `name`, kept in the URL."""
    low, high = BOUNDS[name]
    note_bad_link(name, (low, high), _)
    return st.number_input(label, low, high, default, key=name, bind="query-params", **more)


def choice(label: str, name: str, words: dict[str, str]) -> str:
    """One of a few, kept in the URL under its label."""
    note_bad_link(name, [_(word) for word in words.values()], _)
    return st.selectbox(label, words, format_func=lambda value: _(words[value]), key=name, bind="query-params")


def choose_window() -> int:
    """The lecture's windows as a quick pick, beside any number of days."""
    days = st.session_state.get("window", Architecture.window)
    st.session_state.quick_window = days if days in WINDOWS else None
    st.segmented_control(
        _("Window (days of input)"), WINDOWS, key="quick_window", on_change=take_quick_window, width="stretch"
    )
    return number(_("Window (days of input)"), "window", Architecture.window, label_visibility="collapsed")


def take_quick_window() -> None:
    """The number follows the quick pick."""
    if st.session_state.quick_window:
        st.session_state.window = st.session_state.quick_window


def choose_architecture() -> Architecture:
    """Family, window and size; a size is asked for only where the family has one."""
    family, window = choice(_("Model"), "family", FAMILIES), choose_window()
    layers, units = Architecture.layers, Architecture.units
    if family != "linear":
        with st.grid(2, min_column_width=NARROW):
            units = number(_("Units a layer"), "units", units)
            if family == "relu":
                layers = number(_("Layers"), "layers", layers)
    return Architecture(family, window, layers, units)


def choose_training() -> Training:
    """Epochs and seeds; loss and optimizer are folded away."""
    with st.grid(2, min_column_width=NARROW):
        epochs = number(_("Epochs"), "epochs", Training.epochs, step=50)
        spread = _("The same model from as many random starts; the band shows their spread.")
        seeds = number(_("Seeds"), "seeds", Training.seeds, help=spread)
    with st.expander(_("Loss and optimizer")):
        loss, optimizer = choice(_("Loss"), "loss", LOSSES), choice(_("Optimizer"), "optimizer", OPTIMIZERS)
        rate_text = "{:g}".format
        note_bad_link("learning_rate", [rate_text(rate) for rate in RATES], _)
        rate = st.select_slider(
            _("Learning rate"),
            RATES,
            Training.learning_rate,
            format_func=rate_text,
            key="learning_rate",
            bind="query-params",
        )
        batch = number(
            _("Batch size"), "batch_size", Training.batch_size, help=_("Windows an update; 0 takes all of them.")
        )
    return Training(loss, optimizer, rate, batch, epochs, seeds)


def run_name(settings: RunSettings) -> str:
    """Family, size and window, numbered where another run has the name."""
    net = settings.architecture
    size = {"linear": "", "relu": f" {net.layers}×{net.units}"}.get(net.family, f" {net.units}")
    name = _("{family}{size}, {window} days").format(family=_(FAMILIES[net.family]), size=size, window=net.window)
    return unlike(name, [run.name for run in here.store.runs(here.owner)])


def start(settings: RunSettings) -> None:
    """Queue the run and make it the one shown; a run that exists already is just shown."""
    run_id = here.store.queue(here.owner, here.channel, settings, run_name(settings))
    here.jobs.fill()
    st.session_state.run = run_id


def choose_run() -> Run | None:
    """The run shown, one of this channel's; the control is there without a run too, so that the URL knows it."""
    runs = {run.id: run for run in here.store.runs(here.owner) if run.fingerprint == here.channel.fingerprint}
    note_bad_link("run", [run.name for run in runs.values()], _)
    fall_back("run", runs, None)
    chosen = st.selectbox(
        _("Run shown"),
        runs,
        format_func=lambda i: runs[i].name,
        key="run",
        bind="query-params",
        index=None,
        placeholder=_("None"),
    )
    return runs.get(chosen)


def history_of(run: Run) -> History:
    """The run's rows so far; only those not yet seen are read from the store."""
    key, known = st.session_state.get("history", (None, NOTHING_YET))
    known = known if key == (run.id, run.queued) else NOTHING_YET
    known = known.followed_by(here.store.history(run.id, after=int(known.epoch[-1]) if len(known) else 0))
    st.session_state.history = ((run.id, run.queued), known)
    return known


@st.cache_data(max_entries=64, show_spinner=False)
def spec_of(language: str, epochs: int, loss: str, log: bool, lines: dict[str, float], floor: float | None) -> dict:
    """The chart without its data, built once for a run."""
    return charts.loss_spec(epochs, lines, NAMES[loss], log, _, floor)


def draw_figures(settings: RunSettings, history: History, week: float) -> None:
    """Both losses, the baseline that counts, and the size of the model."""
    unit = NAMES[settings.training.loss]
    with st.grid(4, min_column_width=150):
        for label, loss in ((_("Train loss"), history.train_loss), (_("Held-out loss"), history.held_out_loss)):
            st.metric(f"{label} ({unit})", charts.people(loss[-1].mean()) if len(history) else "–")
        st.metric(_("Same day last week"), charts.people(week), help=_("This baseline's loss on the held-out days."))
        st.metric(
            _("Parameters"), f"{settings.architecture.parameters:,}", help=_("Weights and biases of one seed's model.")
        )


def draw_progress(run: Run, history: History) -> None:
    """How far, how long still, and a button that stops."""
    epochs, done = run.settings.training.epochs, len(history)
    text = _("Waiting for a free worker") if run.status == "queued" else _("Starting")
    if done:
        left = history.seconds[-1] / done * (epochs - done)
        text = _("Epoch {done} of {epochs}, {left} s left").format(done=done, epochs=epochs, left=round(left))
    bar, button = st.columns([4, 1], vertical_alignment="center")
    bar.progress(done / epochs, text)
    button.button(_("Stop"), icon=":material/stop:", on_click=stop, args=(run.id,), width="stretch")


def stop(run_id: str) -> None:
    """Ask the run to stop, and give it a moment: it mostly has stopped by the time the page is drawn again."""
    here.store.cancel(here.owner, run_id)
    for _moment in range(10):
        if not here.store.run(here.owner, run_id).active:
            return
        time.sleep(0.02)


def live(settings: RunSettings, run_id: str | None, was_active: bool) -> None:
    """Figures, curves and progress; redrawn alone while the run is active, and the whole page once it has ended."""
    run = here.store.run(here.owner, run_id) if run_id else None
    if was_active and not (run and run.active):
        st.rerun()
    history = history_of(run) if run else NOTHING_YET
    lines, floor = references(here.channel, here.channel.fingerprint, settings)
    with figures.container():
        draw_figures(settings, history, lines["Same day last week"])
    spec = spec_of(here.language, settings.training.epochs, settings.training.loss, log_scale, lines, floor)
    st.vega_lite_chart(
        charts.loss_frame(history), spec, key="curves", alt=_("Train and held-out loss by epoch, with baselines")
    )
    if run and run.active:
        draw_progress(run, history)


def draw_held_out(run: Run) -> None:
    """The verdict, and real against predicted over the held-out days."""
    predictions = here.store.predictions(run.id)
    if predictions is None:
        return
    views, days = here.channel.views, predictions.index
    verdict = judge(views[days].to_numpy(), predictions.to_numpy().T, same_day_last_week(views, days))
    show, icon = {
        "better": (st.success, ":material/trending_up:"),
        "worse": (st.error, ":material/trending_down:"),
        "cannot tell": (st.info, ":material/help:"),
    }[verdict.answer]
    show(verdict.say(_("Same day last week"), _), icon=icon)
    st.subheader(_("Held-out days, one day ahead"))
    chart = charts.real_and_predicted(views, predictions, _, here.weekdays())
    st.altair_chart(chart, alt=_("Real and predicted views over the held-out days"))


st.title(_("Train"))
st.caption(
    _("A model sees the days of its window and predicts the next. Watch it learn, and then meet days it never saw.")
)
figures = st.empty()
controls, picture = st.columns([1, 3], gap="medium")

with controls:
    try:
        settings = RunSettings(choose_split(here.channel.views, _), choose_architecture(), choose_training())
        references(here.channel, here.channel.fingerprint, settings)
    except BadInput as unusable:
        st.warning(unusable.say(_), icon=":material/event_busy:")
        st.stop()
    if st.button(_("Train"), type="primary", icon=":material/play_arrow:", width="stretch"):
        start(settings)

with picture:
    run = choose_run()
    active = bool(run and run.active)
    shown = run.settings if run else settings
    log_scale = st.session_state.get("log", True)
    st.fragment(live, run_every=TICK if active else None)(shown, run and run.id, active)
    st.toggle(_("Log scale"), True, key="log", bind="query-params")
    if run and run.reason:
        st.error(run.reason.say(_), icon=":material/error:")
    if run and run.settings != settings:
        st.caption(_("The controls differ from the run shown; press Train to train them."))
    if run and not active:
        draw_held_out(run)
    with st.expander(_("The model as a formula"), icon=":material/function:"):
        st.latex(shown.architecture.formula)
        st.caption(_("x₁ is yesterday's views, standardised by the training days; all other letters are learnt."))
