# `make run` serves the app, `make test` checks everything. Both install what they need into .venv.
# While you work: `make lint`, `make unit` (fast tests, no browser), `make types`, and `make words` after a new sentence.

PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TORCH := $(shell grep -o '^torch==[0-9.]*' requirements.txt)
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

run: .venv/app.installed
	$(BIN)/streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT)

test: .venv/tests.installed
	$(MAKE) --jobs=2 lint browser
	$(BIN)/python -m pytest --ignore=tests/browser -n 2 --dist loadfile
	$(BIN)/python -m pytest tests/browser -n 2 --dist loadfile

# The tests of the store and of the pages once more, all of them on PostgreSQL; `make test` runs some on both databases.
test-postgres: .venv/tests.installed
	VIEWCAST_TEST_STORE=postgresql $(BIN)/python -m pytest tests/forecasting/jobs tests/pages -n 2

browser: .venv/tests.installed
	$(BIN)/python tests/browser/chromium.py

lint: .venv/tests.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry .
	$(BIN)/deptry tests --exclude '\.venv' --ignore DEP002,DEP004

unit: .venv/tests.installed
	$(BIN)/python -m pytest -m "not slow" --ignore=tests/browser --ignore=tests/pages -n 2

types: .venv/tests.installed
	$(BIN)/mypy

words: .venv/tests.installed
	$(BIN)/python -m pages.locale.catalogue
	$(BIN)/python -m pages.locale.traditional

# Every package of the container and of CI, by its hash; made anew with the newest that requirements allow.
lock: | $(BIN)/python
	$(PIP) uv==0.13.9
	$(LOCK) --upgrade requirements.txt .container/signing_in.txt -o .container/requirements.lock
	$(LOCK) --upgrade tests/requirements.txt -c .container/requirements.lock -o .container/tests.lock

# Whether known faults are told of any of them.
audit: | $(BIN)/python
	$(PIP) pip-audit==2.10.1
	sed 's/^torch @ .*/torch==$(TORCH:torch==%=%) \\/' .container/requirements.lock > .venv/audited.txt
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement .venv/audited.txt

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Viewcast needs Python 3.11, 3.12 or 3.13; try make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv

# Viewcast computes on the processor, so Linux needs torch's build for it alone (200 MB); the plain one brings CUDA (4 GB).
# LOCKED=yes takes every package by its hash, on Linux and x86-64: as the container, so CI.
ifdef LOCKED
.venv/app.installed: .container/requirements.lock | $(BIN)/python
	$(PIP) --require-hashes --no-deps -r $<
	touch $@

.venv/tests.installed: .container/tests.lock .venv/app.installed
	$(PIP) --require-hashes --no-deps -r $<
	touch $@
else
.venv/app.installed: requirements.txt | $(BIN)/python
	@[ "$$(uname)" != Linux ] || $(PIP) --retries 0 --timeout 10 --no-deps --index-url $(TORCH_INDEX) $(TORCH)+cpu 2>/dev/null \
	  || echo "No build of $(TORCH) without CUDA at $(TORCH_INDEX): taking the plain one, which brings 4 GB of CUDA."
	grep -v '^torch' requirements.txt | $(PIP) -r /dev/stdin $(TORCH)
	touch $@

.venv/tests.installed: .venv/app.installed tests/requirements.txt
	$(PIP) -r tests/requirements.txt
	touch $@
endif

.PHONY: run test test-postgres browser lint unit types words lock audit
