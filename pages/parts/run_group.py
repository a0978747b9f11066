"""Several runs that are trained for one picture: started, watched and stopped together."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import streamlit as st

from forecasting.jobs.time_left import RunTime, seconds_left
from forecasting.messages import N_
from forecasting.records import Run
from forecasting.settings import RunSettings
from pages.parts.job_progress import duration
from pages.parts.polling import TABLE_SECONDS, Polling, polling
from pages.parts.run_settings import queue
from pages.parts.session import Session
from pages.parts.store_trouble import show_trouble_of_workers


@dataclass(frozen=True)
class RunGroup:
    """Runs of these settings on the current channel. A run that is in the store, from wherever, is not done again."""

    session: Session
    settings: tuple[RunSettings, ...]

    @cached_property
    def ids(self) -> list[str]:
        """The store's names of all runs, in order."""
        return [one.run_id(self.session.channel.fingerprint, self.session.owner) for one in self.settings]

    def begun(self) -> dict[str, Run]:
        """The runs that the store has, by id."""
        wanted = set(self.ids)
        return {run.id: run for run in self.session.store.runs(self.session.owner) if run.id in wanted}

    def active(self) -> int:
        """How many of them are being trained, or wait for it."""
        return sum(run.active for run in self.begun().values())

    def losses(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Train and held-out losses so far, (seeds,) each in views, by id."""
        last = self.session.store.final_losses(self.session.owner).set_index("run")
        pairs = last.loc[last.index.intersection(self.ids), ["train_seeds", "held_out_seeds"]]
        return {str(run_id): (train, held_out) for run_id, train, held_out in pairs.itertuples()}

    def start(self) -> None:
        """Queue every run that is not there yet, as many as the host allows; what was stopped goes on."""
        for one in self.settings:
            if queue(self.session, one) is None:
                break
        self.session.workers.fill()

    def stop(self) -> None:
        """Stop what is running and what waits."""
        for run_id in self.ids:
            self.session.jobs.cancel(self.session.owner, run_id)

    def watch(self, draw: Callable[[dict[str, Run]], None]) -> None:
        """Draw the runs that have begun, anew by itself while any is trained; the page is drawn anew as each ends."""
        runs = [*self.begun().values()]
        looks = polling(self.session, runs, TABLE_SECONDS)
        st.fragment(self._draw, run_every=looks.seconds)(draw, sum(run.active for run in runs), looks)

    def _draw(self, draw: Callable[[dict[str, Run]], None], were_active: int, looks: Polling) -> None:
        runs = self.begun()
        if sum(run.active for run in runs.values()) < were_active or looks.is_over([*runs.values()]):
            st.rerun()
        draw(runs)

    def draw_progress(self, runs: dict[str, Run]) -> None:
        """How many are done, and a button that stops them all. The bar counts epochs of those under way."""
        translate = self.session.translate
        done, every = sum(not run.active for run in runs.values()), len(self.ids)
        bar, button = st.columns([4, 1], vertical_alignment="center")
        said = translate(N_("{done} of {rows} models trained")).format(done=done, rows=every)
        left = self.seconds_left(runs)
        if left is not None:
            said += translate(N_(", ")) + translate(N_("{left} left")).format(left=duration(left, translate))
        bar.progress((done + sum(map(self._share, runs.values()))) / every, said)
        button.button(translate(N_("Stop")), icon=":material/stop:", on_click=self.stop, width="stretch")
        show_trouble_of_workers(self.session)

    def seconds_left(self, runs: dict[str, Run]) -> float | None:
        """Seconds until all are trained; None before any has an epoch."""
        known = self.session.store.final_losses(self.session.owner).set_index("run")
        times = []
        for run_id, settings in zip(self.ids, self.settings, strict=True):
            done, seconds = known.loc[run_id, ["epochs", "seconds"]] if run_id in known.index else (0, 0.0)
            if run_id not in runs or runs[run_id].active or done:
                ended = run_id in runs and not runs[run_id].active
                time = RunTime.of(settings, done=int(done), seconds=float(seconds))
                times.append(replace(time, epochs=time.done) if ended else time)
        return seconds_left(times, sum(run.status == "running" for run in runs.values()))

    def _share(self, run: Run) -> float:
        """How much of a run under way is done, from 0 to 1."""
        return run.active and self.session.store.epochs_done(run.id) / run.settings.training.epochs
