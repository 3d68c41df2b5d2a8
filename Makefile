# Every chore has one door. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test test-provision lint check bench lock clean
SHELL := /bin/bash

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install

help:  ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: .venv/.demo  ## Start everything here (no key, no download needed) and print the address
	@exec $(BIN)/python -m demo

test: .venv/.test  ## Run every test; what they need is installed first
	@$(BIN)/python -m pytest $(TESTS)

test-provision: .venv/.test  ## Boot a Debian 13 here and provision it (root on Linux), with the minutes of each stage
	@$(BIN)/python -m pytest -s $(or $(TESTS),tests/provision)

lint: .venv/.test  ## Style, types, import arrows, SQL
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache && $(BIN)/squawk --config tests/squawk.toml app/store/migrations/*.sql

check: lint test  ## What CI runs: lint and test

bench: .venv/.test  ## Measure what README promises, as ratios within one run
	@$(BIN)/python -m tests.bench $(FIGURES)

# A lock lists only what the one before it does not: pip is given all that apply.
UV := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
besides = $$(sed -nE 's/^([a-zA-Z0-9._-]+)==.*/--no-emit-package \1/p' $(1))
lock: .venv/.test  ## Resolve the dependencies anew into the three lock files
	@$(PIP) uv
	@$(UV) $(UPGRADE) pyproject.toml -o requirements.lock
	@$(UV) $(UPGRADE) pyproject.toml --extra demo -c requirements.lock $(call besides,requirements.lock) -o demo/requirements.lock
	@$(UV) $(UPGRADE) pyproject.toml --extra demo --extra test -c requirements.lock -c demo/requirements.lock $(call besides,requirements.lock demo/requirements.lock) -o tests/requirements.lock

clean:  ## Forget the virtual environment and the local state (.venv, .local)
	@rm -rf .venv .local

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "LastYear.fm needs Python 3.11 or newer, this is %s. Name another one: make PYTHON=python3.12 run" % sys.version.split()[0])'
	@$(PYTHON) -m venv .venv || { echo "The virtual environment could not be made. On Debian: apt-get install python3-venv" >&2; rm -rf .venv; exit 1; }

.venv/.demo: requirements.lock demo/requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what make run needs (once) ..."
	@$(PIP) --require-hashes -r requirements.lock -r demo/requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: .venv/.demo tests/requirements.lock
	@echo "Installing what the tests need (once) ..."
	@$(PIP) --require-hashes -r requirements.lock -r demo/requirements.lock -r tests/requirements.lock
	@tests/install-chromium
	@tests/provision/install-packages
	@touch $@
