# Each target is the command that CI runs.
CARGO ?= cargo
# More arguments for `make run`: RUN_FLAGS="--junit report.xml".
RUN_FLAGS ?=

.PHONY: help run test bench lint fmt doc clean

help: ## these targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: ## build, then run the guide's and the placement scenarios on embedded clusters
	$(CARGO) run --quiet --locked -p multiplane -- run scenarios/guide scenarios/placement $(RUN_FLAGS)

test: ## all tests; no network, no Docker
	$(CARGO) test --workspace --locked

bench: ## what clusters cost: start, memory, requests
	$(CARGO) bench --locked -p embedded-cluster --bench start

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
