"""The table of losses on Compare: every ticked run beside baselines, compared with one of them. No page either."""

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.evaluation.baselines import BESIDE_RUNS
from forecasting.evaluation.comparison import Comparison
from forecasting.evaluation.run_results import against
from forecasting.evaluation.wording import MEAN_OF_SEEDS, between_runs, in_a_cell
from forecasting.messages import N_
from forecasting.metrics import skill
from forecasting.models.registry import SKILL_BASELINE, label_of
from forecasting.records import Run
from forecasting.series import Channel, Series
from pages.parts.links import escape_markdown, reset_if_unavailable
from pages.parts.session import Session, store

DIFFERENCE = ("difference", "low", "high", "answer")
FLOOR = N_("Smallest possible, held-out")
COLUMNS = {
    "run": N_("Run"),
    "seeds": N_("Seeds"),
    "held_out": N_("Held-out loss (mean of seeds)"),
    "train": N_("Train loss"),
    "gap": N_("Gap"),
    "skill": N_("Skill"),
    "validation": N_("Best validation"),
    "held_out_then": N_("Held-out loss at that epoch"),
}
LOSSES = ("held_out", "train", "gap", "validation", "held_out_then")  # in views
HELP = {
    "held_out": MEAN_OF_SEEDS,
    "gap": N_("Held-out loss less train loss."),
    "skill": N_("How much smaller the error is than with “Same day last week”; 0 % = no better."),
    "validation": N_("The lowest loss on the validation part; every seed has its own epoch."),
    "held_out_then": N_("The held-out loss of the weights with the best validation loss."),
}


class LossesTable:
    """The losses of `runs` (a frame of judging.comparison.results), of baselines and, where known, of the floor."""

    def __init__(
        self, session: Session, runs: list[Run], frame: pd.DataFrame, lines: dict[str, float], floor: float | None
    ) -> None:
        self.session, self.translate, self.runs = session, session.translate, runs
        lines = lines | ({FLOOR: floor} if floor is not None else {})
        names = [self.translate(label_of(name)) for name in lines]
        held_out = pd.Series(list(lines.values()), dtype=float)
        baselines = pd.DataFrame({"run": names, "held_out": held_out})
        if lines:
            baselines["skill"] = skill(held_out, lines[SKILL_BASELINE])
        self.frame = pd.concat([frame, baselines], ignore_index=True) if lines else frame

    def draw(self, channel: Channel | None) -> pd.DataFrame:
        """Draw it and return its numbers. Without a channel that all runs share none is compared with another."""
        translate, name = self.translate, ""
        found: dict[str, Comparison] = {}
        if channel:
            other = self.choose_reference()
            name = other.name if isinstance(other, Run) else translate(label_of(other))
            found = self.hold_against(other, channel)
        if len(found) == 1:
            ((only, difference),) = found.items()
            icon = ":material/help:" if difference.answer == "cannot tell" else ":material/balance:"
            st.info(escape_markdown(between_runs(difference, only, name).translated(translate)), icon=icon)
        self.draw_table(found, name)
        if any(not each.reason for each in found.values()):
            st.caption(
                translate(
                    N_("90 % intervals, over weeks of days and over seeds. Among many runs some differ by chance.")
                )
            )
        known = {run: vars(difference) for run, difference in found.items()}
        cells = {part: [known.get(run, {}).get(part) for run in self.frame["run"]] for part in DIFFERENCE}
        return self.frame.assign(against=name or None, **cells)

    def choose_reference(self) -> Run | str:
        """What the others are compared with: one of the runs or a baseline."""
        by_id = {run.id: run for run in self.runs}
        offered = [*by_id, *BESIDE_RUNS]
        reset_if_unavailable("against", offered, self.runs[0].id)
        chosen = st.selectbox(
            self.translate(N_("Compared with")),
            offered,
            format_func=lambda key: by_id[key].name if key in by_id else self.translate(label_of(key)),
            key="against",
            bind="query-params",
            width=360,
        )
        return by_id.get(chosen, chosen)

    def hold_against(self, other: Run | str, channel: Channel) -> dict[str, Comparison]:
        """Every other run with predictions against one: name -> difference."""
        found = {}
        for run in self.runs:
            if run is not other:
                now = [(one.id, one.queued, one.status) if isinstance(one, Run) else one for one in (run, other)]
                found[run.name] = _compared(tuple(now), run, other, channel.series)
        return {name: difference for name, difference in found.items() if difference}

    def draw_table(self, found: dict[str, Comparison], other: str) -> None:
        """The losses in words, each with what it is compared with."""
        translate, columns = self.translate, {name: self.translate(word) for name, word in COLUMNS.items()}
        numbers = self.frame[[*LOSSES, "skill"]].astype(float).replace([np.inf, -np.inf], np.nan)
        whole = {name: numbers[name].round() for name in LOSSES}
        shown = self.frame.assign(skill=numbers["skill"].round(2) + 0.0, **whole)[list(columns)]  # 0 % has no sign
        shown = shown.dropna(axis=1, how="all").rename(columns=columns)
        if found:
            cells = [
                in_a_cell(found[name]).translated(translate) if name in found else None for name in self.frame["run"]
            ]
            shown.insert(3, translate(N_("Held-out error compared with “{other}”")).format(other=other), cells)
        config = {
            columns[name]: st.column_config.NumberColumn(
                format="percent" if name == "skill" else "localized",
                help=translate(HELP[name]) if name in HELP else None,
            )
            for name in columns
            if name not in ("run", "seeds")
        }
        st.dataframe(
            shown,
            hide_index=True,
            height="content",
            placeholder="–",
            column_config=config,
            alt=translate(N_("Losses of the ticked runs")),
        )


@st.cache_data(max_entries=512, show_spinner=False)
def _compared(now: tuple, _run: Run, _other: Run | str, _series: Series) -> Comparison | None:
    """Held-out error of a run less that of another or of a baseline; None before both have predictions.

    `now` names both as they are: a run that goes on is another one afterwards.
    """
    found = store().predictions(_run.id)
    theirs = store().predictions(_other.id) if isinstance(_other, Run) else None
    if found is None or (isinstance(_other, Run) and (theirs is None or not theirs.index.equals(found.index))):
        return None
    return against(_run, found, _other, theirs=theirs, series=_series)
