# Two commands do everything: `make demo` (the main job in a minute), `make test` (the tests).
# PYTHON=python3.13 chooses the interpreter; the environment is made once, in .venv, for it and
# for these requirements, and made again when either changes. Nothing is installed elsewhere.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
KEY := $(shell $(or $(PYTHON),false) -c 'import hashlib, sys; print("%s-%d.%d" % (hashlib.sha256(b"".join( \
  open(f, "rb").read() for f in ("requirements.txt", "requirements-dev.txt"))).hexdigest()[:12], *sys.version_info[:2]))' 2>/dev/null)
VENV := .venv
PY := $(VENV)/bin/python -P
PIP := env -u PYTHONPATH PYTHONNOUSERSITE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_REQUIRE_VIRTUALENV=1 \
  $(VENV)/bin/python -m pip install -qq --require-hashes
TESTFLAGS ?=
export PYTHONNOUSERSITE := 1
.DEFAULT_GOAL := help

.PHONY: help setup setup-dev inspect parquet demo torture test fast check calendars bench diagrams requirements clean python

help:          ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

python:
	@test -n "$(KEY)" || { echo "hedgerow needs Python 3.11, 3.12 or 3.13: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }

$(VENV)/run-$(KEY): requirements.txt | python
	@echo "making $(VENV) with $(PYTHON)"
	@rm -rf $(VENV)
	@env -u PYTHONPATH $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/dev-$(KEY): requirements-dev.txt $(VENV)/run-$(KEY)
	@echo "adding what the tests need"
	@$(PIP) -r requirements-dev.txt
	@touch $@

setup: $(VENV)/run-$(KEY)     ## the environment, for ./hedgerow

setup-dev: $(VENV)/dev-$(KEY) ## the environment, tests and checks included

inspect: setup ## an extra: Textual, for the terminal inspector
	@$(PIP) -r requirements-inspect.txt

parquet: setup ## an extra: Parquet recordings for replay and assess
	@$(PIP) -r requirements-parquet.txt

demo: setup    ## the main job in a minute: four pairs at home and overseas, trouble, a summary from the venues' own logs
	@./hedgerow demo

torture: setup ## node and gateways killed 50 times in mid-hedge, judged by the venues' truth
	@./hedgerow sim torture --kills 50

# Most of the long tests wait for real time: four at once, whole files each.
test: setup-dev ## all tests
	@$(PY) -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(TESTFLAGS)

fast: setup-dev ## the tests that take no time
	@$(PY) -m pytest -m "not slow and not bench" $(TESTFLAGS)

PLANTS := silence_is_reject rollback_takes_all unknown_is_settled mandate_not_taken_up crossed_book_counts closes_more_than_held \
  repair_sent_before_recorded order_ids_not_counted alert_dropped

sim: setup     ## the simulator's sample: seeds judged, some of them twice, some planted bugs
	@./hedgerow sim fleet --seeds 300 --jobs 2
	@./hedgerow sim fleet --seeds 30 --from 5000 --jobs 2 --twice
	@./hedgerow sim plants $(PLANTS) --seeds 100 --no-scenarios --jobs 2

check: setup-dev ## style and import rules
	@$(VENV)/bin/ruff check .
	@PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache

calendars: setup-dev ## our tables of holidays against those of exchange_calendars (installs it)
	@$(PIP) -r requirements-calendars.txt
	@$(PY) -m pytest tests/config/test_calendars_crosscheck.py $(TESTFLAGS)

bench: setup   ## how fast the core is, beside the bare transport
	@./hedgerow bench core

diagrams: setup ## the machines' diagrams in docs, drawn from their tables
	@PYTHONPATH=. $(PY) -m tools.diagrams

requirements:  ## pin again, with hashes (needs pip-compile on the PATH)
	pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -o requirements.txt requirements.in
	pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -o requirements-dev.txt requirements-dev.in
	pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -o requirements-parquet.txt requirements-parquet.in
	pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -o requirements-inspect.txt requirements-inspect.in
	pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links -o requirements-calendars.txt requirements-calendars.in

clean:         ## everything that can be made again
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
