"""What can forecast a channel: Auto, its runs that are done, and model files brought along. No page either."""

import hashlib
from collections.abc import Callable

import streamlit as st

from forecasting.forecasts.model_file import load_model
from forecasting.messages import N_, BadInput
from forecasting.runs import Run
from forecasting.settings import RunSettings
from pages.parts.links import escape_markdown, reset_if_unavailable, unique_name, warn_invalid_query_param
from pages.parts.session import Session

AUTO = "auto"
KIND = "forecast"  # of study


class Forecasters:
    """The ones of the current channel, by key: AUTO, a run's id, or the digest of a model file."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.asked = session.studies.studies(session.owner, session.channel.fingerprint, KIND)
        runs = [run for run in session.store.runs(session.owner) if run.fingerprint == session.channel.fingerprint]
        self.runs: dict[str, Run] = {run.id: run for run in runs if run.status in ("finished", "stopped")}
        self.files = {study.request["weights"]: study.request["name"] for study in self.asked if is_of_file(study)}
        self.files |= {digest: name for digest, (name, _blob) in brought().items()}

    def names(self) -> dict[str, str]:
        """Their labels, all unlike each other."""
        names: dict[str, str] = {}
        own = {AUTO: self.session.translate(N_("Auto"))} | {key: run.name for key, run in self.runs.items()}
        files = {
            key: self.session.translate(N_("Auto, from a file")) if name == AUTO else name
            for key, name in self.files.items()
        }
        for key, name in (own | files).items():
            names[key] = unique_name(name, list(names.values()))
        return names

    def choose(self) -> str:
        """The control; the key of the chosen one."""
        names, translate = self.names(), self.session.translate
        warn_invalid_query_param("forecaster", names.values(), translate)
        reset_if_unavailable("forecaster", names, AUTO)
        label = translate(N_("Forecaster"))
        return st.selectbox(label, names, format_func=names.get, key="forecaster", bind="query-params")

    def take_in(self) -> None:
        """The control that takes a model file in."""
        translate = self.session.translate
        with st.expander(translate(N_("A model file")), icon=":material/upload_file:"):
            label = translate(N_("Model file, taken away before"))
            st.file_uploader(label, ["safetensors"], key="model_file", on_change=read_file)
            if "file_trouble" in st.session_state:
                st.error(escape_markdown(st.session_state.file_trouble.translated(translate)), icon=":material/error:")

    def weights(self, key: str) -> bytes | None:
        """The model as safetensors; None for what a worker fits itself."""
        if key in self.runs:
            return self.session.store.checkpoint(self.session.owner, key, "last")
        if key in brought():
            return brought()[key][1]
        study = next((study for study in self.asked if is_of_file(study) and study.request["weights"] == key), None)
        return self.session.studies.weights(self.session.owner, study.id) if study else None

    def settings(self, key: str) -> RunSettings | None:
        """Those of a run, or of the run in a file; None for what Auto mixed."""
        if key in self.runs:
            return self.runs[key].settings
        return settings_in(key, lambda: self.weights(key)) if key in self.files else None

    def request(self, key: str) -> dict[str, object]:
        """What tells a worker, beside the weights, which one to ask; see forecasts.outlook. Nothing for Auto."""
        if run := self.runs.get(key):
            return {"settings": run.settings.to_json(), "name": run.name, "trained": run.queued}
        return {"weights": key, "name": self.files[key]} if key in self.files else {}


@st.cache_data(max_entries=64, show_spinner=False)
def settings_in(digest: str, _weights: Callable[[], bytes]) -> RunSettings | None:
    """The settings in a model file."""
    return load_model(_weights()).settings


def is_of_file(study) -> bool:
    """Whether a study asked a model file."""
    return "weights" in study.request


def brought() -> dict[str, tuple[str, bytes]]:
    """Digest -> name and bytes of the model files that this browser session has brought."""
    return st.session_state.setdefault("model_files", {})


def read_file() -> None:
    """Read the model file in the uploader and choose it; where it is none, say why."""
    file = st.session_state.model_file
    st.session_state.pop("file_trouble", None)
    if file is None:
        return
    blob = file.getvalue()
    try:
        model = load_model(blob)
    except BadInput as trouble:
        st.session_state.file_trouble = trouble
        return
    digest = hashlib.sha256(blob).hexdigest()[:16]
    brought()[digest] = model.name, blob
    st.session_state.forecaster = digest
