# Needs Rust, Python 3.11 or newer and make; everything else goes to target/.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

DATASET ?= orders
ENV ?= dev
EVENTS ?= 100000
KILLS ?= 500
RATE ?= 100000
MINUTES ?= 10
COUNT ?= 1000000
ROUNDS ?= 5
# Of the binaries: release, or dev, which shares what clippy and the Rust tests compile.
PROFILE ?= release
FUZZ_TARGET ?= json_strictness
FUZZ_MINUTES ?= 60

VENV := target/venv
UV := $(VENV)/uv/bin/uv
TOOLS := $(VENV)/tools/bin
LOCAL := $(VENV)/local/bin
CARGO_FUZZ := target/fuzz/bin/cargo-fuzz

# The requirements files pin what we name; this keeps what those packages pull in
# from changing underneath.
export UV_EXCLUDE_NEWER := 2026-11-22T00:00:00Z
export SAM_CLI_TELEMETRY := 0

requirements_tools := .ci/requirements.txt
requirements_checkov := .ci/requirements-checkov.txt
requirements_bench := bench/requirements.txt
requirements_local := local/requirements.txt
requirements_airflow2 := mwaa/tests/requirements-airflow2.txt
requirements_airflow3 := mwaa/tests/requirements-airflow3.txt
installed = $(VENV)/$(1)/.installed

.PHONY: help
help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.PHONY: demo
demo: contract build $(call installed,local) ## Run the whole pipeline on this machine [DATASET=orders EVENTS=100000].
	$(LOCAL)/python -m local.demo --dataset $(DATASET) --events $(EVENTS)

contracts := $(patsubst contracts/%.odcs.yaml,%,$(wildcard contracts/*.odcs.yaml))
.PHONY: contract
contract:
	$(if $(filter $(DATASET),$(contracts)),,$(error there is no contracts/$(DATASET).odcs.yaml; there is: $(contracts)))

# With SEED=<number> chance decides as it did in the run that printed it.
.PHONY: soak
soak: build $(call installed,local) ## Kill functions at random while orders flow, and account for every row [KILLS=500].
	$(LOCAL)/python -m local.soak --kills $(KILLS) $(if $(SEED),--seed $(SEED))

.PHONY: soak-tail
soak-tail: KILLS = 200
soak-tail: build $(call installed,local) ## Kill snowline tail at random while files are rotated, and account for every line [KILLS=200].
	$(LOCAL)/python -m local.soak.tail --kills $(KILLS) $(if $(SEED),--seed $(SEED))
	TAIL_THROTTLED_S=60 $(LOCAL)/python -m pytest -s local/tests/test_tail_trouble.py -k throttling

# LOAD_ARGS=--help tells how to choose buffers, window and concurrency.
.PHONY: load-test
load-test: build $(call installed,local) ## Send orders at a steady rate, and say what limits it [RATE=100000 MINUTES=10].
	$(LOCAL)/python -m local.load --rate $(RATE) --minutes $(MINUTES) $(LOAD_ARGS)

.PHONY: drill
drill: build $(call installed,local) ## Let faults strike the pipeline, and see what the alarms say.
	$(LOCAL)/python -m local.drill

.PHONY: dashboard
dashboard: build $(call installed,local) ## Draw the dashboard over a drill, into docs/dashboard.svg.
	$(LOCAL)/python -m local.drill --dashboard docs/dashboard.svg

# What shares compiled crates comes one after the other, beside what needs Python alone. The end-to-end
# tests wait a third of their time, in which the rest compiles, giving way to them.
.PHONY: test
test: ## Run every check there is, as CI does.
	@$(MAKE) --no-print-directory -j2 -Otarget venv build test-dags test-rust lint
	@$(MAKE) --no-print-directory -j2 -Otarget test-local test-aside

.PHONY: test-aside
test-aside:
	nice -n 19 $(MAKE) --no-print-directory test-sanitized test-template

# Without columnar, whose tests read numbers as text (`arbitrary_precision`): no binary does, and all
# that reads JSON would be compiled once more.
.PHONY: test-rust
test-rust: ## Run the Rust tests, but for those of test-sanitized.
	cargo test --locked --workspace --exclude columnar

# RUSTC_BOOTSTRAP lets the compiler that builds everything else run its sanitizer. The target is named
# so that build scripts are left alone.
host = $(shell rustc -vV | sed -n 's/^host: //p')
.PHONY: test-sanitized
test-sanitized: ## Run the tests of decoder and encoder (columnar) under AddressSanitizer.
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_PROFILE_DEV_OPT_LEVEL=1 \
		cargo test --locked -p columnar --tests --target $(host) --target-dir target/sanitized

# Two at a time, those of a file in one process: its tests share what they deployed.
.PHONY: test-local
test-local: build $(call installed,local) $(call installed,tools) ## Run the end-to-end tests over the local stack.
	$(LOCAL)/python -m pytest local/tests -n 2 --dist loadscope

.PHONY: test-dags
test-dags: $(call installed,airflow2) $(call installed,airflow3) ## Run the DAGs under Airflow 2 and 3.
	$(VENV)/airflow2/bin/python -m pytest -W ignore mwaa/tests
	$(VENV)/airflow3/bin/python -m pytest -W ignore mwaa/tests

# Shows that each function builds into its package; optimising them here would only take minutes.
.PHONY: test-template
test-template: $(call installed,tools) ## Build the deployment packages for this machine's kind (x86_64).
	PATH="$(CURDIR)/$(TOOLS):$$PATH" CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
		sam build --build-dir target/sam --parameter-overrides Architecture=x86_64

.PHONY: lint
lint: lint-python lint-sql lint-template lint-workflows links scan lint-rust ## Run the linters.

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
lint-template: $(call installed,tools) $(call installed,checkov)
	$(TOOLS)/sam validate --lint --region us-east-1
	$(TOOLS)/python -m local.aws.translation template.yaml > target/template.json
	$(TOOLS)/cfn-lint --regions us-east-1 eu-west-1 -- target/template.json
	$(VENV)/checkov/bin/checkov --framework cloudformation --skip-download --quiet --compact \
		--file target/template.json

.PHONY: lint-workflows
lint-workflows: $(call installed,tools)
	$(TOOLS)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(TOOLS)/zizmor --offline --quiet --strict-collection --min-severity medium .github
	$(TOOLS)/cfn-lint --regions us-east-1 -- .github/deploy-role.yaml

# Only what is in the repository: no address is fetched.
.PHONY: links
links: $(call installed,tools) ## Check that files and headings that documents link to are there.
	$(TOOLS)/lychee --offline --include-fragments --no-progress --quiet '**/*.md' --exclude-path target

# What is no secret says so on the line before it, with kingfisher:ignore and the reason.
.PHONY: scan
scan: $(call installed,tools) ## Search the repository for secrets.
	$(TOOLS)/kingfisher scan --no-validate --no-update-check --git-history none --redact --quiet --exclude target .

# What runs them finds them in target/release, whatever the profile.
binaries := transform load publish snowline
.PHONY: build
build: ## Build the binaries of the functions and of snowline [PROFILE=release].
	cargo build --profile $(PROFILE) --locked $(binaries:%=-p %)
	$(if $(filter dev,$(PROFILE)),mkdir -p target/release && ln -f $(binaries:%=target/debug/%) target/release/)

# The stack is what samconfig.toml says of this environment; sam and cargo-lambda come from the tools.
# With EXECUTION_ROLE_ARN CloudFormation acts as that role.
.PHONY: deploy
deploy: $(call installed,tools) ## Build for Lambda and deploy a stack of samconfig.toml [ENV=dev].
	PATH="$(CURDIR)/$(TOOLS):$$PATH" sam build --config-env $(ENV)
	$(TOOLS)/sam deploy --config-env $(ENV) --no-confirm-changeset --no-fail-on-empty-changeset \
		$(if $(EXECUTION_ROLE_ARN),--role-arn $(EXECUTION_ROLE_ARN))
	@echo "Deployed. make smoke ENV=$(ENV) takes ten records through it."

# Signs in to Snowflake with the variables of snowline trace (docs/operations.md).
.PHONY: smoke
smoke: $(call installed,tools) ## Take ten records through a deployed stack [ENV=dev DATASET=orders].
	cargo build --release --locked -p snowline
	$(TOOLS)/sam list stack-outputs --config-env $(ENV) --output json \
		| target/release/snowline smoke --dataset $(DATASET) --outputs -

# With SNOWLINE=<binary> both measure that one.
bench_arguments = --count $(COUNT) --rounds $(ROUNDS) $(if $(SNOWLINE),--snowline $(SNOWLINE)) $(BENCH_ARGS)

.PHONY: bench
bench: $(call installed,bench) ## Compare speed and memory with other engines [COUNT=1000000 ROUNDS=5].
	$(if $(SNOWLINE),,cargo build --release --locked -p snowline)
	cargo build --release --locked --manifest-path bench/arrow-rs/Cargo.toml --target-dir target/bench/cargo
	$(VENV)/bench/bin/python -m bench $(bench_arguments)

# BENCH_ARGS=--largest adds an object of 5 GB.
.PHONY: bench-curves
bench-curves: $(call installed,bench) ## Measure the transform by threads, compression, object size and contract.
	$(if $(SNOWLINE),,cargo build --release --locked -p snowline)
	$(VENV)/bench/bin/python -m bench.curves $(bench_arguments)

.PHONY: bench-agents
bench-agents: $(call installed,local) ## Compare snowline tail with syslog-ng, where that is installed.
	$(if $(SNOWLINE),,cargo build --release --locked -p snowline)
	$(LOCAL)/python -m bench.agents $(bench_arguments)

# BENCH_ARGS=--help tells how to choose sizes and network.
.PHONY: bench-invocation
bench-invocation: build $(call installed,local) ## Measure invocations next to reading, computing and writing alone.
	$(LOCAL)/python -m bench.invocation $(BENCH_ARGS)

.PHONY: bench-start
bench-start: build $(call installed,local) ## Measure start, first invocation and package of each function.
	$(LOCAL)/python -m bench.cold_start

.PHONY: bench-stages
bench-stages: ## Measure decoding, validating and encoding by column type.
	cargo bench --locked -p columnar --bench stages

# What it finds stays in target/; functions/columnar/fuzz/README.md says what to keep of it.
cargo_fuzz = RUSTC_BOOTSTRAP=1 $(CARGO_FUZZ) $(1) --fuzz-dir functions/columnar/fuzz \
	--target-dir target/fuzz/cargo $(FUZZ_TARGET)
fuzz_corpus = functions/columnar/fuzz/corpus/$(FUZZ_TARGET)
.PHONY: fuzz
fuzz: $(CARGO_FUZZ) ## Hold the decoder against serde_json with the fuzzer [FUZZ_MINUTES=60].
	mkdir -p target/fuzz/$(FUZZ_TARGET)
	$(call cargo_fuzz,run) target/fuzz/$(FUZZ_TARGET) $(fuzz_corpus) -- -max_len=1024 \
		-max_total_time=$$(($(FUZZ_MINUTES) * 60)) -artifact_prefix=target/fuzz/ \
		-dict=functions/columnar/fuzz/json.dict

.PHONY: fuzz-corpus
fuzz-corpus: $(CARGO_FUZZ) ## Add to the fuzzer's corpus what covers more than it does.
	$(call cargo_fuzz,run) $(fuzz_corpus) target/fuzz/$(FUZZ_TARGET) -- -merge=1 -use_counters=0

$(CARGO_FUZZ):
	cargo install -q --locked --root target/fuzz --target-dir target/fuzz/install cargo-fuzz@0.13.2

.PHONY: venv
venv: $(foreach name,tools checkov local airflow2 airflow3,$(call installed,$(name))) ## Install the Python environments.

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
