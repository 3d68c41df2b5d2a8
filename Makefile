# Every chore is a target; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test test-provision simulate chaos lint check bench lock clean provision deploy rollback uninstall staging-branch staging-drop
SHELL := /bin/bash

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

run: .venv/.demo  ## Start everything here (no key, no download needed) and print the addresses
	@exec $(BIN)/python -m demo

test: .venv/.test  ## Install what the tests need, then run all of them
	@$(if $(TESTS),$(BIN)/python -m pytest $(TESTS),tests/run)

test-provision: .venv/.test  ## Boot a Debian 13 here and provision it (root on Linux), with the minutes of each stage; MACHINES=4 or 2 a site of several
	@$(if $(MACHINES),PROVISION_MACHINES=$(MACHINES)) $(BIN)/python -m pytest -s $(or $(TESTS),tests/provision$(if $(MACHINES),/test_*_machines.py))

simulate: .venv/.test  ## Fetch SEEDS=200 years from a simulated Last.fm that errs and with a worker that is killed
	@$(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS))

chaos: .venv/.test  ## Kill, cut and stall a site at work for SECONDS=300 by SEED, then see whether anything was lost
	@$(BIN)/python -m tests.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

lint: .venv/.test  ## Style, types, import arrows, SQL, playbooks, units, known vulnerabilities
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache && $(BIN)/squawk --config tests/squawk.toml app/store/migrations/*.sql
	@$(BIN)/yamllint --strict ansible && cd ansible && $(ANSIBLE) PATH="$(CURDIR)/$(BIN):$$PATH" ../$(BIN)/ansible-lint -q --offline -c ../.ansible-lint .
	@tests/lint-units
	@tests/audit

check: lint test  ## What CI runs: lint and test

bench: .venv/.test  ## Measure what docs/performance.md promises, as ratios within one run
	@$(BIN)/python -m tests.bench $(FIGURES)

# The operator's chores. ARGS goes to ansible-playbook: make provision ARGS="--check --diff".
INVENTORY ?= ansible/inventories/site
ANSIBLE := LC_ALL=C.UTF-8 ANSIBLE_CONFIG=$(CURDIR)/ansible/ansible.cfg
PLAY = cd ansible && $(ANSIBLE) ../$(BIN)/ansible-playbook --inventory $(abspath $(INVENTORY)) $(VAULT) $(ARGS)
# Ask for the vault's password if there is a vault and no file with its password.
VAULT = $(if $(ANSIBLE_VAULT_PASSWORD_FILE),,$(shell grep -rlqs '^.ANSIBLE_VAULT' $(INVENTORY) && echo --ask-vault-pass))

provision: .venv/.ops | $(INVENTORY)  ## Bring the machines of INVENTORY (ansible/inventories/site) to the state it describes
	@$(PLAY) site.yml

deploy: .venv/.ops | $(INVENTORY)  ## Bring this checkout's code to the machines; roll back if it does not serve
	@$(PLAY) deploy.yml

rollback: .venv/.ops | $(INVENTORY)  ## Go back to the previous release
	@$(PLAY) rollback.yml

uninstall: .venv/.ops | $(INVENTORY)  ## Remove all of it from the machines; asks for ARGS="-e really=yes"
	@$(PLAY) uninstall.yml

# These write into the vault, for which Ansible's own password prompt is not enough.
STAGING ?= ansible/inventories/staging
PASSWORD = $(if $(ANSIBLE_VAULT_PASSWORD_FILE),,read -rsp "Vault password: " LASTYEAR_VAULT_PASSWORD && echo && export LASTYEAR_VAULT_PASSWORD ANSIBLE_VAULT_PASSWORD_FILE=$(CURDIR)/ansible/vault-password &&)
staging-branch staging-drop: INVENTORY = $(STAGING)
staging-branch staging-drop: VAULT =

staging-branch: .venv/.ops | $(STAGING)  ## Create a branch at Neon as staging's database, and store its strings in STAGING's vault
	@$(PASSWORD) $(PLAY) staging-branch.yml

staging-drop: .venv/.ops | $(STAGING)  ## Delete that branch
	@$(PASSWORD) $(PLAY) staging-drop.yml

ansible/inventories/%:
	@echo "There is no inventory $@. Make one: cp -r ansible/inventories/example $@, then fill it in (docs/operating.md)." >&2; exit 1

# Each lock file lists only what the previous ones do not; pip gets all that apply. Packages for Windows only count
# as missing, since others may need them everywhere.
UV := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
besides = $$(sed -nE "/win32/!s/^([a-zA-Z0-9._-]+)==.*/--no-emit-package \1/p" $(1))
LOCKS := requirements.lock demo/requirements.lock ansible/requirements.lock
lock: | .venv/bin/python  ## Resolve the dependencies into the lock files
	@$(PIP) uv
	@$(UV) $(UPGRADE) pyproject.toml -o requirements.lock
	@$(UV) $(UPGRADE) pyproject.toml --extra demo -c requirements.lock $(call besides,requirements.lock) -o demo/requirements.lock
	@$(UV) $(UPGRADE) pyproject.toml --extra ops -c requirements.lock -c demo/requirements.lock $(call besides,requirements.lock) -o ansible/requirements.lock
	@$(UV) $(UPGRADE) pyproject.toml --extra demo --extra ops --extra test $(LOCKS:%=-c %) $(call besides,$(LOCKS)) -o tests/requirements.lock

clean:  ## Delete the virtual environment and the local state (.venv, .local, .screenshots)
	@rm -rf .venv .local .screenshots

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "LastYear.fm needs Python 3.11 or newer, this is %s. Name another one: make PYTHON=python3.12 run" % sys.version.split()[0])'
	@$(PYTHON) -m venv .venv || { echo "The virtual environment could not be created. On Debian: apt-get install python3-venv" >&2; rm -rf .venv; exit 1; }

.venv/.demo: requirements.lock demo/requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what make run needs (once) ..."
	@$(PIP) --require-hashes -r requirements.lock -r demo/requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.ops: requirements.lock ansible/requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what provisioning needs (once) ..."
	@$(PIP) --require-hashes -r requirements.lock -r ansible/requirements.lock
	@touch $@

.venv/.test: .venv/.demo ansible/requirements.lock tests/requirements.lock tests/install-promtool
	@echo "Installing what the tests need (once) ..."
	@$(PIP) --require-hashes $(LOCKS:%=-r %) -r tests/requirements.lock
	@touch .venv/.ops
	@tests/install-chromium
	@tests/install-promtool
	@tests/provision/install-packages
	@touch $@
