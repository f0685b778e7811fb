# The front door. `make run` and `make test` need nothing but Debian and Swift: they install the rest.

BUILD := swift build --explicit-target-dependency-import-check error
# As it is to be deployed: one file that needs no Swift beside it.
RELEASE := swift build -c release --static-swift-stdlib
DATA ?= .data
LISTEN ?= 127.0.0.1:8420

.PHONY: run test check format lint bench faults fuzz generate clean

## Build, start on the embedded database with a sample project, and print where to look.
run:
	@scripts/setup.sh run
	@$(BUILD) --product cfg
	@.build/debug/cfg serve --dev --sample --local-users --data $(DATA) --listen $(LISTEN)

## Everything the project promises to pass.
test:
	@scripts/setup.sh test
	@$(BUILD) --build-tests
	@scripts/test.sh

## What a change must pass before it is sent: format, tests.
check: lint test

lint:
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks Fuzz

format:
	@swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks Fuzz

## Measure against peers side by side and print the ratios. Builds for release.
bench:
	@scripts/setup.sh bench
	@$(RELEASE) --product cfg
	@$(RELEASE) --product SchemaBenchmark
	@$(RELEASE) --product AccessBenchmark
	@$(RELEASE) --product FlagBenchmark
	@Benchmarks/run.sh

## The long runs of the fault tests: 200 kills on each engine, power cuts, full disks.
faults:
	@scripts/setup.sh test
	@$(BUILD) --build-tests
	@CFG_FAULT_ROUNDS=200 swift test --skip-build --filter FaultTests

## Fuzz every parser and the validator, a minute each.
fuzz:
	@scripts/setup.sh run
	@scripts/fuzz.sh

## Write anew what is generated and committed: the code of flagd's protocols, golden files.
generate:
	@scripts/setup.sh generate
	@scripts/generate-protocol.sh
	@$(BUILD) --build-tests
	@CFG_UPDATE_GOLDEN=1 swift test --skip-build --filter Golden

clean:
	@rm -rf .build .build-*
