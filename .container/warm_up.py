"""Import all that the server and its workers import, so that it lies there compiled."""

import importlib
import pkgutil
import runpy
from pathlib import Path

import streamlit.web.bootstrap

import forecasting
from forecasting.jobs.machine import use_one_thread

assert streamlit.web.bootstrap
for found in pkgutil.walk_packages(forecasting.__path__, "forecasting."):
    if found.name != "forecasting.__main__":
        importlib.import_module(found.name)
for part in sorted(Path("pages/parts").glob("*.py")):
    importlib.import_module(f"pages.parts.{part.stem}")
runpy.run_path(".container/serve.py")
use_one_thread()
pkgutil.resolve_name("forecasting.jobs.kinds.train:warm_up")()
