# What a person needs to run, test and measure callqr. `make help` lists it.

CARGO ?= cargo
.DEFAULT_GOAL := help
.PHONY: help run build check check-instructions test test-fast test-security bench bench-relay fuzz shots tools clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build the release binary and start it (ARGS="--help" shows its options)
	$(CARGO) run --release --locked -- $(ARGS)

build: ## build the release binary: target/release/callqr
	$(CARGO) build --release --locked

check: ## formatting, lints and dependencies, as CI sees them (ADVISORY_DB=CLONE checks for known vulnerabilities too)
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	@bash tests/deny.sh

check-instructions: ## fails when a relayed packet takes more instructions than before (valgrind counts)
	@bash tests/tools.sh valgrind
	$(CARGO) bench --locked --profile quick --bench relay -- --instructions

test: ## everything: lints, Rust, front end, real browsers; installs missing tools
	@bash tests/all.sh

test-fast: ## everything but the browsers
	@bash tests/all.sh fast

test-security: ## attack the real binary: slow clients, TLS scanners, API and WebSocket fuzzers; installs missing tools
	@bash tests/security.sh

tools: ## install by apt what the tests need and this machine lacks
	@bash tests/tools.sh

bench: ## times and memory of the whole appliance, with real Chromium; results in target/bench/
	@bash tests/tools.sh
	$(CARGO) build --release --locked
	$(CARGO) bench --locked --bench tokens
	BENCH_ONLY='UDP, ChannelData' BENCH_CALLS=1,100 BENCH_ROUNDS=3 $(CARGO) bench --locked --bench relay
	cd tests/browser && npm ci --silent && node bench.js ../../target/release/callqr

bench-relay: ## the relay's cost per packet beside other relays and a bare loop (BENCH_COTURN=a newer turnserver)
	@bash tests/tools.sh
	@bash benches/relay/rivals.sh
	$(CARGO) bench --locked --bench relay

fuzz: ## fuzz the parsers that strangers can reach (SECONDS_EACH=60)
	@bash tests/fuzz.sh $(or $(SECONDS_EACH),60)

shots: ## pictures of every page and state in tests/browser/shots/
	@bash tests/tools.sh
	$(CARGO) build --locked
	cd tests/browser && npm ci --silent && node shots.js

clean: ## remove what the build and the tests made
	$(CARGO) clean
	rm -rf tests/browser/node_modules tests/browser/shots tests/js/node_modules
