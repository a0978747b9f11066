"""Random one-place changes of the code, and what the fast tests see of them; `__main__` says how it is used."""

from pathlib import Path

HERE = Path(__file__).resolve().parents[3]  # root of the checkout that this is part of
CODE = "forecasting"  # the folder that is changed
