"""What can forecast a channel: Auto, its runs that are done, model files brought along, and single methods."""

import hashlib
from collections.abc import Callable
from functools import partial

import streamlit as st

from forecasting.forecasts.model_file import Description, describe
from forecasting.jobs.requests import MethodFit, ModelFile, RunVersion
from forecasting.messages import N_, BadInput
from forecasting.models.registry import METHODS, label_of
from forecasting.records import Job, Run
from forecasting.settings import RunSettings
from forecasting.split import Split
from pages.parts.file_reading import begin_reading, readers, show_reading, stop_reading
from pages.parts.job_progress import model_of
from pages.parts.links import escape_markdown, reset_if_unavailable, unique_name, warn_invalid_query_param
from pages.parts.session import Session

AUTO = "auto"
SINGLE_METHODS = tuple(slug for slug in METHODS if slug != AUTO)


class Forecasters:
    """The ones of the current channel, by key: AUTO, a run's id, the digest of a model file, or a method's slug."""

    def __init__(self, session: Session) -> None:
        self.session = session
        versions = session.versions()
        self.jobs = session.jobs.jobs_on(session.owner, versions, "forecast")
        runs = [run for run in session.store.runs(session.owner) if run.fingerprint in versions]
        self.runs: dict[str, Run] = {run.id: run for run in runs if run.status in ("finished", "stopped")}
        files = [job.request.forecaster for job in self.jobs if is_of_file(job)]
        self.files = {file.digest: file.name for file in files}
        self.files |= {digest: name for digest, (name, _blob) in brought().items()}

    def names(self) -> dict[str, str]:
        """Their labels, all unlike each other."""
        names: dict[str, str] = {}
        own = {AUTO: self.session.translate(label_of(AUTO))} | {
            key: self._name_of(run) for key, run in self.runs.items()
        }
        files = {
            key: self.session.translate(N_("Auto, from a file")) if name == AUTO else name
            for key, name in self.files.items()
        }
        methods = {slug: self.session.translate(label_of(slug)) for slug in SINGLE_METHODS}
        for key, name in (own | files | methods).items():
            names[key] = unique_name(name, list(names.values()))
        return names

    def _name_of(self, run: Run) -> str:
        """Its name; of a run on fewer days than there are now also what it knew."""
        if run.fingerprint == self.session.channel.fingerprint:
            return run.name
        trained = self.session.translate(N_("{name} (trained on days to {last})"))
        return trained.format(name=run.name, last=run.settings.split.train.last)

    def choose(self) -> str:
        """The control; the key of the chosen one."""
        names, translate = self.names(), self.session.translate
        warn_invalid_query_param("forecaster", names.values(), translate)
        reset_if_unavailable("forecaster", names, AUTO)
        label = translate(N_("Method"))
        return st.selectbox(label, names, format_func=names.__getitem__, key="forecaster", bind="query-params")

    def take_in(self) -> None:
        """The control that takes a model file in."""
        translate = self.session.translate
        with st.expander(translate(N_("A model file")), icon=":material/upload_file:"):
            label = translate(N_("Model file, downloaded before"))
            st.file_uploader(label, ["safetensors"], key="model_file", on_change=read_file)
            show_reading(self.session, "model")
            if "file_trouble" in st.session_state:
                st.error(escape_markdown(st.session_state.file_trouble.translated(translate)), icon=":material/error:")

    def model_file(self, key: str) -> bytes | None:
        """The model file of this digest, as safetensors; None for what is no file.

        Raises BadInput where the forecast that it was kept with has been removed since.
        """
        if key in brought():
            return brought()[key][1]
        job = next((job for job in self.jobs if is_of_file(job) and job.request.forecaster.digest == key), None)
        return model_of(self.session, job.id) if job else None

    def settings(self, key: str) -> RunSettings | None:
        """Those of a run, or of the run in a file; None for what Auto mixed. Raises BadInput like `model_file`."""
        if key in self.runs:
            return self.runs[key].settings
        return settings_in(key, lambda: self.model_file(key) or b"") if key in self.files else None

    def learns(self, key: str) -> bool:
        """Whether it is fitted for the forecast, and so needs to be told which days it is judged on."""
        return key in METHODS

    def request(self, key: str, split: Split | None) -> RunVersion | ModelFile | MethodFit:
        """How a worker is told of a run, a model file, or a single method, which needs the `split` to be judged on."""
        if key in SINGLE_METHODS and split:
            return MethodFit(key, split)
        if key in self.runs:
            return run_version(self.session, self.runs[key])
        return ModelFile(key, self.files[key])


def run_version(session: Session, run: Run) -> RunVersion:
    """The run as it stands now."""
    return RunVersion(run.id, session.store.epochs_done(run.id))


@st.cache_data(max_entries=64, show_spinner=False)
def settings_in(digest: str, _model_file: Callable[[], bytes]) -> RunSettings | None:
    """The settings in a model file. Raises BadInput where it cannot be read."""
    return readers().run(describe, _model_file()).settings


def is_of_file(job: Job) -> bool:
    """Whether a forecast is that of a model file."""
    return isinstance(job.request.forecaster, ModelFile)


def brought() -> dict[str, tuple[str, bytes]]:
    """Digest -> name and bytes of the model files that this browser session has brought."""
    return st.session_state.setdefault("model_files", {})


def read_file() -> None:
    """Read the model file in the uploader and choose it; where it is none, say why."""
    file = st.session_state.model_file
    st.session_state.pop("file_trouble", None)
    stop_reading("model")
    if file is None:
        return
    blob = file.getvalue()

    def finish(described: Callable[[], Description]) -> None:
        try:
            name = described().name
        except BadInput as trouble:
            st.session_state.file_trouble = trouble
            return
        digest = hashlib.sha256(blob).hexdigest()[:16]
        brought()[digest] = name, blob
        st.session_state.forecaster = digest

    begin_reading("model", file.name, partial(describe, blob), finish)
