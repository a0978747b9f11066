"""The lecture's table of models, trained on the channel in one go beside the lecture's own figures."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from forecasting import charts
from forecasting.lectures.model_table import (
    EPOCHS,
    ROWS,
    SEEDS,
    LectureRow,
    Outcome,
    best_on,
    table_settings,
    what_it_shows,
)
from forecasting.messages import BadInput
from forecasting.records import Run
from forecasting.settings import BOUNDS
from pages.parts.chart import draw_chart
from pages.parts.links import escape_markdown, warn_invalid_query_param
from pages.parts.run_group import RunGroup
from pages.parts.session import Session, baseline_levels
from pages.parts.settings_form import STATES
from pages.parts.split_control import choose_split

ENDED = ("finished", "failed")


def draw_lecture_table(session: Session) -> None:
    """Controls beside chart and table, which are drawn again by themselves while rows are trained."""
    translate = session.translate
    st.caption(translate("From one day of input to five layers: the models of the lecture, trained on this channel."))
    controls, picture = st.columns([1, 3], gap="medium")
    with controls:
        try:
            group = _choose_group(session)
        except BadInput as unusable:
            st.warning(escape_markdown(unusable.translated(translate)), icon=":material/event_busy:")
            return
        if st.button(translate("Train all models"), type="primary", icon=":material/play_arrow:", width="stretch"):
            group.start()
    with picture:
        group.watch(_Table(group).draw)


def _choose_group(session: Session) -> RunGroup:
    """The rows' runs with the epochs and seeds asked for. Raises BadInput where the split has no windows for them."""
    translate = session.translate
    for key, name in (("table_epochs", "epochs"), ("table_seeds", "seeds")):
        warn_invalid_query_param(key, BOUNDS[name], translate)
    split = choose_split(session.channel.views, translate, key="table_split", first="lecture")
    epochs = st.number_input(
        translate("Epochs"), *BOUNDS["epochs"], EPOCHS, step=50, key="table_epochs", bind="query-params"
    )
    seeds = st.number_input(translate("Seeds"), *BOUNDS["seeds"], SEEDS, key="table_seeds", bind="query-params")
    settings = table_settings(split, epochs, seeds)
    baseline_levels(session.channel, session.channel.fingerprint, settings[0])
    return RunGroup(session, tuple(settings))


@dataclass(frozen=True)
class _Table:
    """What the rows have come to, ours beside the lecture's."""

    group: RunGroup

    def draw(self, runs: dict[str, Run]) -> None:
        """Chart, progress or what the rows show, and the table."""
        found = self._outcomes(runs)
        self._draw_chart(list(found.values()))
        if any(run.active for run in runs.values()):
            self.group.draw_progress(runs)
        elif all(run_id in runs and runs[run_id].status in ENDED for run_id in self.group.ids):
            shown = what_it_shows(list(found.values()))
            points = [f"- {point.translated(self.group.session.translate)}" for point in shown]
            st.info("\n".join(points), icon=":material/lightbulb:")
        self._draw_rows(found, runs)

    def _outcomes(self, runs: dict[str, Run]) -> dict[LectureRow, Outcome]:
        """What each row that has begun has come to so far, in the table's order."""
        losses = self.group.losses()
        found = {}
        for row, run_id in zip(ROWS, self.group.ids, strict=True):
            if run_id in runs and runs[run_id].status == "failed":
                found[row] = Outcome.diverged(row)
            elif run_id in losses:
                found[row] = Outcome.of(row, *losses[run_id], errors=self._errors(run_id))
        return found

    def _errors(self, run_id: str) -> np.ndarray | None:
        """Absolute errors (seeds, held-out days) in views of a run that has ended."""
        session = self.group.session
        predicted = session.store.predictions(run_id)
        return None if predicted is None else np.abs(predicted.T - session.channel.views[predicted.index]).to_numpy()

    def _draw_chart(self, outcomes: list[Outcome]) -> None:
        """Train and held-out loss of each row, beside the baselines."""
        session, translate = self.group.session, self.group.session.translate
        bars = pd.DataFrame(
            [(translate(o.row.name), o.train, o.held_out) for o in outcomes if o.seeds],
            columns=["run", "train", "held_out"],
            dtype=object,
        )
        if bars.empty:
            return
        lines, floor = baseline_levels(session.channel, session.channel.fingerprint, self.group.settings[0])
        chart = partial(charts.final_losses, bars, "MAE", translate, levels=lines, floor=floor)
        draw_chart(session, chart, key="bars", alt=translate("Train and held-out loss of the lecture's models"))

    def _draw_rows(self, found: dict[LectureRow, Outcome], runs: dict[str, Run]) -> None:
        """A line a row: ours with the best of those trained to the end marked, and the lecture's."""
        translate, ids = self.group.session.translate, self.group.ids
        best = self._best(found, runs)
        states = [runs[run_id].status if run_id in runs else "" for run_id in ids]
        lines = {
            translate("Model"): [translate(row.name) for row in ROWS],
            translate("Train, MAE"): [_cell(found.get(row), "train", best["train"]) for row in ROWS],
            translate("Held-out, MAE"): [_cell(found.get(row), "held_out", best["held_out"]) for row in ROWS],
            translate("Lecture, 2017–2020"): [row.train for row in ROWS],
            translate("Lecture, early 2021"): [row.unseen for row in ROWS],
            translate("State"): [translate(STATES[state]) if state else "" for state in states],
        }
        table, alt = pd.DataFrame(lines), translate("The lecture's table")
        st.dataframe(table, hide_index=True, height="content", placeholder="–", alt=alt)
        st.caption(
            translate(
                "★ is the smallest mean of the models trained to the end. ± is one standard deviation over seeds."
                " The lecture's channel is another one."
            )
        )

    def _best(self, found: dict[LectureRow, Outcome], runs: dict[str, Run]) -> dict[str, LectureRow | None]:
        """The best row of each period among those that were trained to the end."""
        ended = {run_id for run_id, run in runs.items() if run.status == "finished"}
        pairs = zip(ROWS, self.group.ids, strict=True)
        whole = [found[row] for row, run_id in pairs if row in found and run_id in ended]
        return {period: best_on(whole, period).row if whole else None for period in ("train", "held_out")}


def _cell(outcome: Outcome | None, period: str, best: LectureRow | None) -> str:
    """371 ± 4, as text: a table of two numbers a cell; nothing for what diverged, or has not begun."""
    if outcome is None:
        return ""
    mean, spread = getattr(outcome, period), getattr(outcome, f"{period}_spread")
    mark = " ★" if outcome.row is best else ""
    if not np.isfinite(mean):
        return mark
    return (f"{mean:,.0f} ± {spread:,.0f}" if np.isfinite(spread) else f"{mean:,.0f}") + mark
