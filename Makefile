# What a newcomer and CI type. `make help` lists it; each target says what it does while it does it.

CARGO ?= cargo
# Every shipped rule set is one of these directories.
RULE_SETS = $(patsubst %/,%,$(wildcard rules/*/ examples/*/rules/))
# How many cases each property gets in `make fuzz`, or for how long it runs; `make test` runs at least 256.
CASES ?= 20000
MINUTES ?=

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test check bench fuzz compiler components valgrind

say = @printf '\n== %s\n' "$(1)"

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## a legacy API, the proxy and throw-away identities in one process, from nothing
	$(call say,building (a few minutes the first time))
	$(CARGO) build --locked
	@$(CARGO) run --locked --quiet -- demo

test: components ## formatting, lints, every test, and the shipped rule sets' own check and test
	$(call say,1/4 formatting: cargo fmt --check)
	$(CARGO) fmt --check
	$(call say,2/4 lints as errors: cargo clippy)
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(call say,3/4 unit$(comma) integration$(comma) property$(comma) tidy and documentation tests: cargo test)
	$(CARGO) test --locked
	$(call say,4/4 shipped rule sets: fieldgate check and fieldgate test)
	@test -n "$(RULE_SETS)" || { echo 'no rule set found below rules/ and examples/' >&2; exit 1; }
	@for set in $(RULE_SETS); do \
		echo "-- $$set"; \
		$(CARGO) run --locked --quiet -- check "$$set" && \
		$(CARGO) run --locked --quiet -- test "$$set" || exit 1; \
	done
	$(call say,all green)

check: ## only the shipped rule sets: load and lint them
	@test -n "$(RULE_SETS)" || { echo 'no rule set found below rules/ and examples/' >&2; exit 1; }
	@for set in $(RULE_SETS); do \
		echo "-- $$set"; \
		$(CARGO) run --locked --quiet -- check "$$set" || exit 1; \
	done

bench: valgrind ## the engine, its counts, an exchange, a large rule set, the whole proxy beside nginx, haproxy and nginx + Lua, a GiB; optimised build
	$(CARGO) bench --locked --bench engine --bench counts --bench exchange
	$(CARGO) bench --locked --bench sets -- --write
	$(CARGO) bench --locked --bench proxy -- --write
	$(CARGO) test --locked --release --test it -- --ignored --nocapture a_gib

fuzz: compiler ## generated tests with CASES=20000 cases each, the properties that carry the proof for MINUTES=5 each, then libFuzzer as long on each reader (else 1 minute)
	PROPTEST_RNG_SEED=$$(date +%s) PROPTEST_CASES=$(CASES) $(CARGO) test --locked --release --lib
	FUZZ_MINUTES=$(MINUTES) PROPTEST_CASES=$(CASES) $(CARGO) test --locked --release --test it -- --nocapture propert
	fuzz/run $(or $(MINUTES),1)

valgrind:
	@command -v valgrind >/dev/null || { echo 'installing valgrind: apt-get install'; apt-get update -qq && apt-get install -y -qq valgrind; }

compiler:
	@command -v c++ >/dev/null || { echo 'libFuzzer is built from C++; installing: apt-get install g++'; apt-get update -qq && apt-get install -y -qq g++; }

components:
	@$(CARGO) fmt --version >/dev/null 2>&1 && $(CARGO) clippy --version >/dev/null 2>&1 || { \
		echo 'installing rustfmt and clippy: rustup component add rustfmt clippy'; \
		rustup component add rustfmt clippy; }

comma := ,
