.DEFAULT_GOAL := help
.PHONY: help sbom audit run test check build bench bench-check chaos operate docs clean

ARGS ?=
SOURCES := $(shell find src -type f)

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

run: dist/.built ## Run the example pipeline on a local Pub/Sub and a local Segment (ARGS="--seconds 10 --rate 500")
	@node dist/main.js demo $(ARGS)

test: dist/.built ## Run every check and every test
	@node scripts/test.mjs all

check: dist/.built ## Run the inner loop: format, lint, types, unit and contract tests, generated files (under 2 minutes)
	@node scripts/test.mjs check

build: dist/.built ## Compile to dist/

bench: dist/.built ## Run the benchmarks, print ratios, write test/bench/RESULTS.md (NAME=engine: run and print one)
	@node test/bench/bench.mjs $(or $(NAME),--write) $(ARGS)

bench-check: dist/.built ## Fail when a backfill is far from its floor, measured in the same minutes
	@node test/bench/check.mjs

chaos: dist/.built ## Prove delivery under faults: kills, outages, damage (25 minutes; SLUICE_CHAOS=short: the form of `make test`)
	@node scripts/chaos.mjs

operate: dist/.built ## Run as an operator would: every alert made to fire by a fault (20 minutes; needs prometheus and redis-server)
	@node_modules/.bin/vitest run --project operate

docs: dist/.built ## Generate the stage reference and the editor schema
	@node scripts/generate.mjs

sbom: package-lock.json ## Write what is shipped as a CycloneDX list to sbom.cdx.json
	@npm sbom --sbom-format cyclonedx --package-lock-only > sbom.cdx.json

audit: node_modules/.installed ## Check signatures and known weaknesses of the installed packages with the registry
	@node scripts/audit.mjs

clean: ## Remove what was built and installed
	rm -rf dist node_modules coverage test/.tmp

# Not `npm ci`: it insists on the optional packages of every platform, which a mirror may not have.
node_modules/.installed: package.json package-lock.json
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

dist/.built: node_modules/.installed tsconfig.json tsconfig.build.json scripts/after-build.mjs scripts/build-pages.mjs $(SOURCES)
	npm run --silent build
	@touch $@
