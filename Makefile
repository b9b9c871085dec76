# Each target is the command that CI runs.
CARGO ?= cargo
# More arguments for `make run`: RUN_FLAGS="--junit report.xml".
RUN_FLAGS ?=

# How long `make fuzz` goes on with each of its targets.
FUZZ_SECONDS ?= 600

# How long `make soak` goes on.
SOAK_SECONDS ?= 3600

# Static builds have other flags than the others, hence a folder of their own.
STATIC ?= target/static
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
STATIC_CARGO = RUSTFLAGS="-C target-feature=+crt-static" CARGO_TARGET_DIR=$(STATIC) $(CARGO)
# `e2e` implies `docker`: one build for the image and all tests that need it.
STATIC_FLAGS = --locked -p multiplane --features e2e --target $(HOST)
# More arguments for the tests of `make e2e`, which mostly wait: E2E_FLAGS="container/guide".
E2E_FLAGS ?= --test-threads 12

.PHONY: help run test bench conformance fuzz soak scale flytekit images container e2e lint fmt doc clean

help: ## these targets
	@grep -E '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: ## build, then run the guide's and the placement scenarios on embedded clusters
	$(CARGO) run --quiet --locked -p multiplane -- run scenarios/guide scenarios/placement $(RUN_FLAGS)

test: ## all tests; no network, no Docker
	$(CARGO) test --workspace --locked

bench: ## what clusters and requests cost: start, memory, requests a second
	$(CARGO) bench --profile dev --locked -p embedded-cluster --bench start --bench requests

conformance: ## the same tests on an embedded cluster and on a real kube-apiserver, from KUBEBUILDER_ASSETS, PATH or envtest's folders
	$(CARGO) test --locked -p embedded-cluster --test conformance

fuzz: ## damaged requests for ten minutes each: protobuf, bodies, patches, selectors
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(CARGO) test --locked -p embedded-cluster --test hostile -- mutations --nocapture --test-threads 1

soak: ## an hour of random scenarios and histories with faults, each twice: the same verdicts, flat memory, nothing left over
	SOAK_SECONDS=$(SOAK_SECONDS) $(CARGO) test --locked -p multiplane --test soak -- --nocapture

scale: ## ten thousand executions over five data planes: all placed as the oracle says, none elsewhere; time and memory
	$(CARGO) build --release --locked -p multiplane
	bash -c 'time target/release/multiplane run fixtures/scale'

flytekit: ## the tests with Flyte's real Python client; ignored, with the reason, where it is not installed
	$(CARGO) test --locked -p multiplane --test flytekit

images: ## the image multiplane:dev, of a static binary; needs a docker engine
	$(STATIC_CARGO) build $(STATIC_FLAGS)
	fixtures/images/build.sh $(STATIC)/$(HOST)/debug/multiplane

container: ## the tests of the container backend; ignored, with the reason, without a docker engine and the image
	$(STATIC_CARGO) test $(STATIC_FLAGS) --test container

e2e: images ## one test for each scenario and backend that this machine has; the others ignored, with the reason
	$(STATIC_CARGO) test $(STATIC_FLAGS) --test e2e -- $(E2E_FLAGS)

lint: ## formatting, lints, documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

fmt: ## format the sources
	$(CARGO) fmt --all

doc: ## the API documentation
	$(CARGO) doc --workspace --no-deps --locked

clean: ## remove what builds leave
	$(CARGO) clean
