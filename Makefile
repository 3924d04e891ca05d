# Needs Python 3.11 or newer with pip. Everything is installed into .venv on first use.
PYTHON ?= python3

.PHONY: help demo test test-fast bench format generate studio clean

help:
	@echo "make demo       the heart walk-through, from nothing to its report (first time up to 3 minutes)"
	@echo "make test       all checks and tests"
	@echo "make test-fast  without the tests that build environments or take long"
	@echo "make bench      the measurements of bench/ (quick form)"
	@echo "make studio     build the web page again;  in development: see studio/README.md"
	@echo "make format     format the code;  make generate  write the generated files again"

demo:
	@$(PYTHON) scripts/setup.py
	@.venv/bin/python examples/heart/demo.py

test:
	@bash scripts/check.sh

test-fast:
	@bash scripts/check.sh fast

bench:
	@$(PYTHON) scripts/setup.py --extra test
	@for one in footprint journey sweep; do echo "== $$one"; .venv/bin/python bench/$$one.py || exit 1; done

format:
	@$(PYTHON) scripts/setup.py --extra test
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

generate:
	@$(PYTHON) scripts/setup.py --extra test
	@.venv/bin/python scripts/generate.py

studio:
	@$(PYTHON) scripts/setup.py --extra test
	@.venv/bin/python studio/build.py

clean:
	rm -rf .venv build dist studio/node_modules src/bancada/faces/studio_files
