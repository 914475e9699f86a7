# Two commands matter to a newcomer: `make templates` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is compiled is kept, also where a shell forbids it: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE
# pip compiles to bytecode as it installs; a command run without that is several times slower.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help templates test verify check style format bench pages clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

templates: $(VENV)/.installed ## Generate and lint every template into output/
	$(BIN)/cfngen build

test: $(VENV)/.developing ## Run the quick tests (about two minutes on two cores)
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not payloads and not emulator and not scanners"
	@echo "left to 'make verify': the tests marked slow, payloads, emulator, scanners"

verify: $(VENV)/.developing $(VENV)/.scanning ## Run the proofs that `make test` leaves out
	rm -rf .pytest_cache/evidence
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "slow or payloads or emulator or scanners"
	$(BIN)/python tests/emulator/verification.py --check
	$(BIN)/python tests/support/executed.py
	$(BIN)/python tests/mutations/run.py

check: style ## Hold the code to types, style and house rules, the templates to the blueprints
	$(BIN)/python -m pytest -n auto -q tests/test_floors.py tests/test_house.py

style: $(VENV)/.developing ## The same without the house rules, which are among the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfngen build --check

format: $(VENV)/.developing ## Format the Python code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.developing ## Measure speed, as ratios in one run
	$(BIN)/python benchmarks/run.py

pages: $(VENV)/.developing ## Write the generated pages anew: sizes, waivers, patterns, rules, JSON schema
	$(BIN)/python tests/sizes.py
	$(BIN)/python tests/scanners/waivers.py
	$(BIN)/python tests/support/pattern_pages.py
	$(BIN)/python tests/support/review_pages.py
	$(BIN)/python tests/support/review_schema.py

clean: ## Remove what the other targets made, but not output/
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "cfngen needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 2; }  # on Debian: apt-get install python3-venv

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.developing: $(VENV)/.installed tests/emulator/ministack.txt
	$(INSTALL) --editable '.[dev]'
	$(BIN)/python -m venv $(VENV)/ministack
	$(VENV)/ministack/bin/python -m pip install --quiet --disable-pip-version-check -r tests/emulator/ministack.txt
	@touch $@

$(VENV)/.scanning: $(VENV)/.developing $(wildcard tests/scanners/requirements/* tests/scanners/requirements/*/*)
	$(BIN)/python tests/scanners/install.py
	@touch $@
