# Two commands: `make run` serves the app, `make test` checks everything. Both install what they need into .venv.

PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin

run: .venv/app.installed
	$(BIN)/streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT)

test: .venv/tests.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tests/browser/chromium.py
	$(BIN)/python -m pytest

.venv/app.installed: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Viewcast needs Python 3.11, 3.12 or 3.13; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/tests.installed: .venv/app.installed tests/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

.PHONY: run test
