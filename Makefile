# What you need to run, test and measure callqr. `make help` lists it.

CARGO ?= cargo
.DEFAULT_GOAL := help
.PHONY: help run build api check check-instructions test test-fast test-security bench bench-relay fuzz shots images tools clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build callqr and start it (ARGS="--help" shows its options)
	$(CARGO) run --release --locked -- $(ARGS)

build: ## build the release binary, target/release/callqr
	$(CARGO) build --release --locked

api: ## write the API's description, src/web/openapi/openapi.json, from the handlers' annotations
	WRITE_API=1 $(CARGO) test --locked --lib the_committed_document

check: ## check versions, formatting, lints, docs, dependencies, front end (ADVISORY_DB=CLONE adds known vulnerabilities)
	@bash tests/all.sh check

check-instructions: ## fail if a relayed packet takes more instructions than before (counted by valgrind)
	@bash tests/tools.sh valgrind
	$(CARGO) bench --locked --profile quick --bench relay -- --instructions

test: ## run everything: what check does, Rust, attacks, real browsers; installs missing tools
	@bash tests/all.sh

test-fast: ## run everything except the browsers, the attacks and the examples
	@bash tests/all.sh fast

test-security: ## attack the real binary: slow clients, TLS scanners, API and WebSocket fuzzers
	@bash tests/security.sh

tools: ## install the tools that the tests need, by apt
	@bash tests/tools.sh

bench: ## measure times and memory, with real Chromium; results in target/bench/
	@bash tests/tools.sh
	$(CARGO) build --release --locked
	$(CARGO) bench --locked --bench tokens
	BENCH_ONLY='UDP, ChannelData' BENCH_CALLS=1,100 BENCH_ROUNDS=3 $(CARGO) bench --locked --bench relay
	cd tests/browser && npm ci --silent && node bench.js ../../target/release/callqr

bench-relay: ## compare the relay with other relays and a bare loop (BENCH_COTURN=a newer turnserver)
	@bash tests/tools.sh
	@bash benches/relay/rivals.sh
	$(CARGO) bench --locked --bench relay

fuzz: ## fuzz the parsers that strangers can reach (SECONDS_EACH=60)
	@bash tests/fuzz.sh $(or $(SECONDS_EACH),60)

shots: images ## take pictures of every page in every state, into tests/browser/shots/
	cd tests/browser && node shots.js

images: ## take the pictures of the README again, into docs/images/
	@bash tests/tools.sh
	$(CARGO) build --locked
	cd tests/browser && npm ci --silent && node images.js

clean: ## remove what builds and tests have made
	$(CARGO) clean
	rm -rf examples/node/node_modules tests/browser/node_modules tests/browser/shots tests/examples/node_modules tests/js/node_modules
