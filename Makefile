# Two commands matter: `make demo` and `make test`. Both set everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-namespaces test check lint types imports fuzz faults faults-namespaces bench bench-uuid bench-commands bench-followers bench-retrieval bench-namespaces lock clean

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.ready ## create .venv with every dependency, pinned by hash

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	# The lock is complete; --no-deps leaves out what [tool.uv] in pyproject.toml leaves out of it.
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup ## migrate a shop of a million rows, kill an executor half-way, prove the result
	$(BIN)/sterna demo

demo-namespaces: setup ## extract 6,000 definitions anew by a better extractor, kill an executor half-way, prove it
	$(BIN)/sterna demo-namespaces

test: check ## lint, types, import contract and all tests
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --ignore tests/faults tests

check: lint types imports ## lint, types and import contract

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

FUZZ_REQUESTS ?= 20000
fuzz: setup ## FUZZ_REQUESTS (20000) drawn at random against the description of the REST interface
	STERNA_FUZZ_REQUESTS=$(FUZZ_REQUESTS) $(BIN)/pytest -n $(WORKERS) -o faulthandler_timeout=0 tests/fuzz

faults: setup ## kill each part at random moments, STERNA_FAULT_ROUNDS times (10)
	$(BIN)/pytest --ignore tests/faults/namespaces tests/faults

faults-namespaces: setup ## kill executors in every stage of namespace migrations, STERNA_FAULT_ROUNDS times (30)
	$(BIN)/pytest tests/faults/namespaces

bench: setup ## Sterna beside other tools on the same data, with ratios
	$(BIN)/python -m bench

bench-uuid: setup ## a table with a random UUID key beside the same with a serial key
	$(BIN)/python -m bench.uuid_key

bench-commands: setup ## REST command to outcome at 50 commands a second
	$(BIN)/python -m bench.commands

bench-followers: setup ## 2,000 followers of one migration's log on one API process
	$(BIN)/python -m bench.followers

bench-retrieval: setup ## how well each extractor finds what 500 queries want among 6,000 documents
	$(BIN)/python -m bench.retrieval_ladder

bench-namespaces: setup ## 100,000 documents with vectors from store to store, beside a bare COPY of the rows
	$(BIN)/python -m bench.namespace_copy

lock: ## pin every dependency with hashes (needs a package index)
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --all-extras --quiet -o requirements.lock pyproject.toml

clean: ## remove what setup made
	rm -rf $(VENV)
