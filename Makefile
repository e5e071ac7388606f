# Deep Learning Fundamentals. `make` alone lists what can be done.
PYTHON ?= python3
BROWSER ?= yes
SEED ?= 1
BOOK := .venv/book
FULL := .venv/full
PIP_FLAGS := --quiet --disable-pip-version-check -c constraints.txt
NOTEBOOKS := $(sort $(wildcard chapters/*/*.ipynb solutions/*.ipynb))
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help book serve lab test check execute execute-all labs ledger record gpu test-all pins clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

$(BOOK)/ready: pyproject.toml constraints.txt tools/requirements.py
	$(PYTHON) tools/requirements.py --check-python
	$(PYTHON) -m venv $(BOOK)
	$(BOOK)/bin/python -m pip install $(PIP_FLAGS) $$($(PYTHON) tools/requirements.py book)
	touch $@

$(FULL)/ready: pyproject.toml constraints.txt tools/requirements.py
	$(PYTHON) tools/requirements.py --check-python
	$(PYTHON) -m venv $(FULL)
	$(FULL)/bin/python -m pip install $(PIP_FLAGS) -e ".[book,lab,test,tensorflow]"
	touch $@

book: $(BOOK)/ready  ## build the book (no torch, executes nothing) and print where it is
	$(BOOK)/bin/jupyter-book build -W -n --keep-going --quiet .
	@echo "The book is at $(CURDIR)/_build/html/index.html"

serve: book  ## build the book and serve it on this machine
	$(BOOK)/bin/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

lab: $(FULL)/ready  ## open the labs in JupyterLab
	$(FULL)/bin/python tools/jupyterlab.py labs

test: $(FULL)/ready book  ## every test (two cores: under 45 minutes); BROWSER=no leaves the browser tests out
	BROWSER=$(BROWSER) $(FULL)/bin/python tools/run_tests.py all

check: $(FULL)/ready  ## what to run before a commit (3 minutes): style, types, unit tests, hygiene, labs, ledger, topics
	$(FULL)/bin/python tools/run_tests.py check

execute: $(FULL)/ready  ## run and store one notebook: make execute NB=chapters/.../02_momentum.ipynb
	$(FULL)/bin/python -m tools.execute $(NB)
	$(FULL)/bin/python -m tools.ledger --write

execute-all: $(FULL)/ready  ## run every notebook with another seed and store nothing: make execute-all SEED=3
	$(FULL)/bin/python -m tools.execute --seed $(SEED) $(NOTEBOOKS)

labs: $(FULL)/ready  ## regenerate labs/ from solutions/
	$(FULL)/bin/python -m tools.labs --write

ledger: $(FULL)/ready  ## regenerate the claims ledger and the topics page
	$(FULL)/bin/python -m tools.ledger --write
	$(FULL)/bin/python -m tools.topics --write

record: $(FULL)/ready  ## remake one record (long, or on a GPU): make record NAME=s13_8_glyphs
	$(FULL)/bin/python -m tools.record $(NAME)

gpu: $(FULL)/ready  ## remake every record that needs CUDA (on a machine that has it)
	$(FULL)/bin/python -m tools.record --cuda

test-all: $(FULL)/ready  ## the long runs: 200 seeds of every check
	DLF_ALL_SEEDS=1 $(FULL)/bin/python -m pytest -n 2 -q tests/labs

pins: $(FULL)/ready  ## rewrite constraints.txt from the full environment
	$(FULL)/bin/python tools/requirements.py --pins

clean:  ## remove what was built; keep the environments
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
