# The work, one word each. Every target makes .venv by itself.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp

.DEFAULT_GOAL := help
.PHONY: help demo test lint format docs bench bench-detection check clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 20

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("prov needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Call: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## make an archive with a dozen artworks, check, edit, sign, export and verify them
	$(BIN)/python -m provenance.cli.demo demo

test: $(STAMP) ## run every test
	$(BIN)/python -m pytest --numprocesses=2 --quiet

lint: $(STAMP) ## format check, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(STAMP) ## put the code in order
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

docs: $(STAMP) ## write the tables in docs/ anew from the program
	$(BIN)/python -m provenance.cli.reference docs/reference.md

bench: $(STAMP) ## run every benchmark and print ratios against the peers
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

bench-detection: $(STAMP) ## measure how well copies are found, and write docs/detection.md: make bench-detection CORPUS=folder
	$(BIN)/python -m benchmarks.detection --corpus $(CORPUS) --split development --works 100
	$(BIN)/python -m benchmarks.detection --corpus $(CORPUS) --split report --works 200 --page

check: lint test ## what CI runs

clean: ## remove the environment, the demo and caches
	rm -rf .venv demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
