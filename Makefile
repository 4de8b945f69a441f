# A newcomer needs only `make train` and `make test`; both install everything first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Modules are compiled once, not by each of the many processes.
unexport PYTHONDONTWRITEBYTECODE
# uv, too, takes wheels from a local folder.
export UV_FIND_LINKS := $(PIP_FIND_LINKS)

PYTHON ?= python3
BIN := .venv/bin
NOTEBOOKS := $(wildcard notebooks/*.py)
# One process per core, each with one thread; otherwise the threads of the processes contend.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal

.PHONY: help setup train sweep test check lint notebooks book serve fuzz bench lock clean

help:  ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/ready  ## Install the tested versions into .venv
	@mkdir -p runs

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[book,dev,export,formats,sweep]'
	@touch $@

train: setup  ## Train on the demo corpus and record the run under runs/
	$(BIN)/papermill notebooks/train.ipynb runs/train.ipynb
	@$(BIN)/tagspace runs

sweep: setup  ## Train every combination of tag sets: Table II on the demo corpus
	$(BIN)/papermill notebooks/sweep.ipynb runs/sweep.ipynb

test: lint  ## Linters, the book, all tests, all notebooks: what CI runs
	$(MAKE) --no-print-directory book
	$(PYTEST)
	$(BIN)/pytest --nbval --nbval-current-env notebooks

check: lint  ## Linters and the fast tests
	$(PYTEST) -m "not slow"

lint: setup  ## Style, types, and the order of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

notebooks: setup  ## Execute the notebooks from their scripts
	for script in $(NOTEBOOKS); do \
		$(BIN)/jupytext --quiet --to ipynb $$script; \
		$(BIN)/jupyter execute --inplace $${script%.py}.ipynb; \
		$(BIN)/nbstripout --keep-output --keep-count \
			--extra-keys "metadata.language_info cell.metadata.execution" $${script%.py}.ipynb; \
	done
	$(BIN)/python book/picture.py

book: setup  ## Build the book from the committed notebooks into _build/html
	$(BIN)/jupyter-book build . -W -n --keep-going
	@for page in $$(sed -nE 's/.*(root|file): +//p' _toc.yml); do \
		test -s _build/html/$$page.html || { echo "$$page was not built"; exit 1; }; done

serve: book  ## Show the book at http://localhost:8000
	$(BIN)/python -m http.server --directory _build/html 8000

fuzz: setup  ## Try many damaged files; FUZZ=100 tries so many of each kind
	FUZZ=$(or $(FUZZ),2000) $(PYTEST) tests/fuzz

bench: setup  ## Measure speed, as ratios side by side
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[bench]'
	$(BIN)/python benchmarks/bench.py

lock: setup  ## Resolve constraints.txt again
	{ echo '# Versions that are tested together, on every platform. Made by `make lock`.'; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras \
		--no-header --no-annotate pyproject.toml; } > constraints.new
	mv constraints.new constraints.txt

clean:  ## Remove everything that make created, except runs/
	rm -rf .venv _build .pytest_cache .ruff_cache .mypy_cache .hypothesis
