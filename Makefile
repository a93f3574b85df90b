# Needs Rust, Python 3.11 or newer and make; everything else goes to target/.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

EVENTS ?= 100000

VENV := target/venv
UV := $(VENV)/uv/bin/uv
TOOLS := $(VENV)/tools/bin
LOCAL := $(VENV)/local/bin

# The requirements files pin what we name; this keeps what those packages pull in
# from changing underneath.
export UV_EXCLUDE_NEWER := 2026-11-22T00:00:00Z
export SAM_CLI_TELEMETRY := 0

requirements_tools := .ci/requirements.txt
requirements_local := local/requirements.txt
requirements_airflow2 := mwaa/tests/requirements-airflow2.txt
requirements_airflow3 := mwaa/tests/requirements-airflow3.txt
installed = $(VENV)/$(1)/.installed

.PHONY: help
help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: demo
demo: build $(call installed,local) ## Run the whole pipeline on this machine [EVENTS=100000].
	$(LOCAL)/python -m local.demo --events $(EVENTS)

.PHONY: test
test: ## Run every check there is, as CI does.
	@$(MAKE) --no-print-directory -j2 venv build
	@$(MAKE) --no-print-directory lint test-rust test-local test-dags test-template

.PHONY: test-rust
test-rust: ## Run the Rust tests.
	cargo test --workspace --locked

.PHONY: test-local
test-local: build $(call installed,local) ## Run the end-to-end tests over the local stack.
	$(LOCAL)/python -m pytest local/tests

.PHONY: test-dags
test-dags: $(call installed,airflow2) $(call installed,airflow3) ## Run the DAGs under Airflow 2 and 3.
	$(VENV)/airflow2/bin/python -m pytest -W ignore mwaa/tests
	$(VENV)/airflow3/bin/python -m pytest -W ignore mwaa/tests

# Shows that each function builds into its package; optimising them here would only
# take minutes, the release binaries being built and tested already.
.PHONY: test-template
test-template: lint-template ## Build the deployment packages for this machine's kind (x86_64).
	PATH="$(CURDIR)/$(TOOLS):$$PATH" CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
		sam build --build-dir target/sam --parameter-overrides Architecture=x86_64

.PHONY: lint
lint: lint-rust lint-python lint-sql lint-template ## Run the linters.

.PHONY: lint-rust
lint-rust:
	cargo fmt --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

.PHONY: lint-python
lint-python: $(call installed,tools)
	$(TOOLS)/ruff check

.PHONY: lint-sql
lint-sql: $(call installed,tools)
	$(TOOLS)/sqlfluff lint --disable-progress-bar sql
	$(TOOLS)/sqlfluff lint --disable-progress-bar --templater placeholder functions/statements/tests/golden

.PHONY: lint-template
lint-template: $(call installed,tools)
	$(TOOLS)/sam validate --lint --region us-east-1

.PHONY: build
build: ## Build the release binaries of the functions and of snowline.
	cargo build --release --locked -p transform -p load -p publish -p snowline

.PHONY: venv
venv: $(foreach name,tools local airflow2 airflow3,$(call installed,$(name))) ## Install the Python environments.

.SECONDEXPANSION:
$(VENV)/%/.installed: $$(requirements_$$*) | $(UV)
	$(UV) venv -q --allow-existing --python '>=3.11,<3.13' $(VENV)/$*
	$(UV) pip install -q --python $(VENV)/$*/bin/python -r $<
	touch $@

$(UV):
	python3 -m venv $(VENV)/uv
	$(VENV)/uv/bin/pip install -q --disable-pip-version-check uv==0.13.9

.PHONY: clean
clean: ## Remove everything that was built or installed.
	rm -rf target .aws-sam
