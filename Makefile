# The commands of the project. What they need and do not find, they install: see .ci/tools.
.DEFAULT_GOAL := help
.PHONY: help run watch test lint e2e fuzz fmt clean

# How long each fuzzer runs: make fuzz SECONDS=3600.
SECONDS ?= 240

# Options handed on: make run ARGS="--listen 127.0.0.1:8080", make e2e ARGS="--headed -g restart".
ARGS ?=

help: ## Show this list
	@echo 'Rowcast: the rows of a Postgres database, live in every browser.'
	@echo
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'Options are handed on with ARGS, for example: make run ARGS="--listen 127.0.0.1:8080"'

run: ## Install what is missing, build, and serve the live inventory
	@exec .ci/serve $(ARGS)

watch: ## Serve while developing: rebuild and reload when a file changes
	@exec .ci/watch $(ARGS)

test: ## Install what is missing and run every check and test
	@exec .ci/test

lint: ## Check formatting, clippy, the documentation's links and the scripts
	@exec .ci/test format clippy-server clippy-browser docs scripts

e2e: ## Run the tests in a browser only
	@PLAYWRIGHT_ARGS='$(ARGS)' exec .ci/test end-to-end

fuzz: ## Look for inputs from strangers that break something, for minutes (SECONDS=240 for each target)
	@exec .ci/fuzz $(SECONDS)

fmt: ## Format the source
	@cargo fmt

clean: ## Remove everything that was built (not the data in .rowcast)
	rm -rf target fuzz/target end2end/node_modules end2end/test-results end2end/playwright-report
