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
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

# --- Installing -------------------------------------------------------------------------------------------------------

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found. Install it, or run: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot create virtual environments. Install its venv module (on Debian and Ubuntu: python3-venv)." >&2; exit 1; }
	@echo "Creating the virtual environment $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV)

# A stamp records the installation, so that the next call does not run pip.
# The lock has hashes, which pip checks for everything it installs: so pip itself comes first, and torch, the one package
# without hashes (scripts/lock.sh says why), before the rest.
$(VENV)/.installed: requirements.txt requirements/model.txt requirements/lock.txt requirements/pip.txt | $(BIN)/python
	@echo "Installing dependencies (the first time downloads about 300 MB) ..."
	@$(PIP) --no-deps -r requirements/pip.txt
	@$(PIP) --no-deps $$(grep -oE '^torch==[0-9.]+' requirements.txt)
	@$(PIP) $(LOCK) -r requirements.txt
	@$(PIP) $(LOCK) --no-deps -r requirements/model.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/dev.txt requirements/s3.txt requirements/saml.txt requirements/quantization.txt \
		requirements/tracking.txt
	@echo "Installing the tools for tests and checks ..."
	@$(PIP) $(LOCK) -r requirements/dev.txt -r requirements/s3.txt -r requirements/saml.txt -r requirements/quantization.txt \
		-r requirements/tracking.txt
	@touch $@

.PHONY: install install-dev install-storage install-saml install-quantization install-tracking
install: $(VENV)/.installed ## Install the pinned dependencies into .venv
	@:
install-dev: $(VENV)/.installed-dev ## Install the tools for tests and checks too
	@:
install-storage: install ## Install what a storage in S3 needs (docs/operations/storage.md)
	@$(PIP) $(LOCK) -r requirements/s3.txt
install-saml: install ## Install what a sign-in with SAML needs (docs/operations/sign-in.md)
	@$(PIP) $(LOCK) -r requirements/saml.txt
install-quantization: install ## Install what a base model in four bits needs (docs/explanation/engine.md)
	@$(PIP) $(LOCK) -r requirements/quantization.txt
install-tracking: install ## Install what figures for TensorBoard need (docs/explanation/engine.md)
	@$(PIP) $(LOCK) -r requirements/tracking.txt

# --- Running ----------------------------------------------------------------------------------------------------------

.PHONY: run
run: install $(if $(filter vllm,$(GENERATOR)),vllm-install) ## Run the platform here (PORT, HOST, DATABASE_URL, BROKER_URL, GENERATOR_URL; GENERATOR=vllm)
	@exec env GENERATOR=$(GENERATOR) $(BIN)/python -m config.platform

# --- Testing ----------------------------------------------------------------------------------------------------------

# The tests have services and data of their own, separate from those of `make run`. Compiled modules are kept: else every
# process of the tests compiles the project anew, and each of pytest's workers rewrites the asserts of a thousand files.
TEST_VAR ?= $(CURDIR)/var/test
TEST_SERVICES := env -u DATABASE_URL -u BROKER_URL -u PYTHONDONTWRITEBYTECODE CHOSEN_VAR=$(TEST_VAR) $(BIN)/python -m config.embedded exec --ephemeral --
TESTS ?= tests

# Without TESTS, those that take minutes each are left to `make test-long`.
MARKS = $(if $(filter tests,$(TESTS)),-m 'not vllm and not long')

.PHONY: test test-long browser
browser: install-dev
	@scripts/browser.sh $(BIN)/python

test: browser ## Run the tests, including those in a browser (TESTS="tests/labeling -k name" runs some)
	@scripts/test_javascript.sh $(BIN)/python
	@$(TEST_SERVICES) env OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 4 --dist loadgroup $(MARKS) $(TESTS)

test-long: browser ## Run the tests that take minutes each: every form without scripts and refused, the first tour, ...
	@$(TEST_SERVICES) env OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 4 --dist loadgroup -m long tests

.PHONY: test-chaos
FAULTS ?= 200
SEED ?= 1
test-chaos: install-dev ## Kill, stop and damage a platform of its own while 16 people label (FAULTS=200 SEED=1 KINDS="the engine,the database")
	@$(BIN)/python -m tests.chaos.many --faults $(FAULTS) --seed $(SEED) --kinds "$(KINDS)"

.PHONY: test-keys
SEEDS ?= 100-119
test-keys: browser ## Walk over the judging page with random keys and clicks (SEEDS=100-119, or one to replay)
	@$(TEST_SERVICES) env KEY_SEEDS=$(SEEDS) $(BIN)/python -m pytest -n 1 --dist loadgroup tests/browser/test_key_model.py

.PHONY: pictures
pictures: ## Take the README's pictures: the whole loop once, with the real model, in a real browser
	@PICTURES=1 $(MAKE) test TESTS=tests/flows/test_whole_loop.py
	@mkdir -p docs/images
	@for name in annotate campaign run versions; do cp "var/screenshots/readme-$$name.png" "docs/images/$$name.png"; done

.PHONY: test-vllm
test-vllm: install-dev vllm-install ## Run the tests with a real vLLM server, which `make test` skips
	@$(TEST_SERVICES) $(BIN)/python -m pytest -m vllm -s tests/training/versions/test_servers_vllm.py

# --- Checking ---------------------------------------------------------------------------------------------------------

.PHONY: docs
docs: install-dev ## Build the documentation site into var/docs
	@scripts/docs.sh $(BIN) var/docs diagrams && echo "Open var/docs/index.html"

.PHONY: sbom audit
sbom: install-dev ## List what is installed, with licences, in var/sbom.json (CycloneDX)
	@PYTHONWARNINGS=ignore $(BIN)/uv tool run --quiet --from cyclonedx-bom==7.5.0 cyclonedx-py environment $(BIN)/python --output-reproducible \
		--pyproject pyproject.toml --output-file var/sbom.json

audit: install-dev ## Look for known vulnerabilities of the locked packages
	@scripts/audit.sh $(BIN)

.PHONY: check format
check: install-dev ## Check lint, format, types, imports, migrations, deployment, templates and scripts
	@scripts/check.sh $(BIN)

format: install-dev ## Format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

# --- vLLM -------------------------------------------------------------------------------------------------------------

# vLLM needs other versions of some packages, so it has a separate environment. VLLM=cpu or cuda; default: by the machine.
VLLM ?= $(shell command -v nvidia-smi >/dev/null && echo cuda || echo cpu)
VLLM_VENV := .venv-vllm
VLLM_PIP := $(VLLM_VENV)/bin/python -m pip install --quiet --disable-pip-version-check
VLLM_FILE := requirements/vllm-$(VLLM).txt

$(VLLM_VENV)/.installed-$(VLLM): $(VLLM_FILE)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found." >&2; exit 1; }
	@echo "Installing vLLM for $(VLLM) into $(VLLM_VENV) (downloads about 1 GB, more for cuda) ..."
	@test -x $(VLLM_VENV)/bin/python || $(PYTHON) -m venv $(VLLM_VENV)
	@$(VLLM_PIP) -c $(VLLM_FILE) $$(grep -oE '^torch==[0-9.]+' $(VLLM_FILE))
	@$(VLLM_PIP) $(if $(filter cpu,$(VLLM)),--no-deps) -r $(VLLM_FILE)
	@touch $@

.PHONY: vllm vllm-install
vllm-install: $(VLLM_VENV)/.installed-$(VLLM) ## Install the vLLM server into .venv-vllm
vllm: vllm-install ## Run a vLLM server for the default model (VLLM_PORT=8001; OPTIONS="..." are passed on)
	@exec scripts/vllm.sh $(VLLM_VENV)/bin/python $(OPTIONS)

# --- Keeping up -------------------------------------------------------------------------------------------------------

.PHONY: lock messages bench clean
lock: install-dev ## Write the pinned versions and hashes in requirements/ (OPTIONS=--upgrade for newer ones)
	@scripts/lock.sh $(BIN) $(OPTIONS)

messages: install-dev ## Update the German catalogue with the sentences in the code (needs gettext)
	@$(BIN)/python scripts/messages.py

bench: install-dev ## Run the benchmarks (BENCH=name runs one)
	@scripts/bench.sh $(BIN)/python $(BENCH)

# For a machine with a GPU, torch and no network: python -m pip install --no-index --no-deps var/gpu-wheels/*.whl
# GPU_WHEELS are those that a machine with torch, transformers, peft, accelerate and pyarrow lacks: little to carry. For one
# that has torch alone: make gpu-wheels GPU_WHEELS="transformers tokenizers huggingface-hub safetensors peft trl accelerate
# datasets pyarrow dill multiprocess xxhash psutil"
GPU_PYTHON ?= 3.12
GPU_WHEELS ?= trl datasets dill multiprocess
.PHONY: gpu-wheels
gpu-wheels: install-dev ## Fetch the wheels that benchmarks.gpu needs beside torch into var/gpu-wheels (GPU_PYTHON=3.12)
	@mkdir -p var/gpu-wheels
	@$(BIN)/python -m pip download --quiet --no-deps --only-binary=:all: --dest var/gpu-wheels --python-version $(GPU_PYTHON) --implementation cp \
		$(foreach glibc,17 24 27 28,--platform manylinux_2_$(glibc)_x86_64) --platform manylinux2014_x86_64 liger-kernel==0.8.5 \
		$$(for name in $(GPU_WHEELS); do grep -oE "^$$name==[^ ]+" requirements/lock.txt; done)
	@du -sh var/gpu-wheels

clean: ## Remove environments and caches; asks before removing data
	@rm -rf .venv .venv-vllm .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache var/test
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -d var ]; then \
		read -r -p "Also remove var/ with the database, models, trained versions and secrets? [y/N] " answer; \
		case "$$answer" in y|Y|yes) rm -rf var; echo "Removed." ;; *) echo "var/ is kept." ;; esac; fi
