# Two commands do everything on a fresh machine: `make run` and `make test`.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
WORKERS ?= 2
STAMP := $(VENV)/.installed

.PHONY: run test check lint format lock bench chaos setup test-setup clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else 1)' \
	  || { echo "waybill needs Python 3.11 to 3.13; found `$(PYTHON) --version 2>&1`. Set PYTHON=python3.x"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: setup
	WAYBILL_CONFIG="$${WAYBILL_CONFIG:-$(if $(wildcard waybill.toml),waybill.toml,examples/acme-outdoor.toml)}" \
	  $(BIN)/waybill up --example --deliver $(ARGS)

# A file's tests stay together, as they share what they set up. They wait half their time: two files go at once.
test: test-setup
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

# What tests need beside Python: Debian's PostgreSQL (the road with one's own server) and Chromium.
test-setup: setup
	@sh tests/setup.sh

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/architecture
	$(BIN)/dagster definitions validate --workspace workspace.yaml

format: setup
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

# 200 tasks through kills and faults, drawn from SEED; the seed is printed, and makes the same storm again.
chaos: setup
	$(BIN)/python -m tests.chaos --tasks $(or $(TASKS),200) $(if $(SEED),--seed $(SEED)) $(ARGS)

# The lock pins every package with its hashes for all supported Pythons and platforms, and names no index.
lock:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --extra dev $(ARGS) --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
