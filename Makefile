# `make train` and `make test` are all that a newcomer needs; both set everything up first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Modules are compiled once, and not by each of the many processes.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin
NOTEBOOKS := $(wildcard notebooks/*.py)
# A process per core, each with one thread: threads of several processes wait for one another.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal

.PHONY: help setup train sweep test check notebooks book serve bench lock clean

help:  ## Say what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/ready  ## Make .venv with the tested versions
	@mkdir -p runs

# A wheel that lies at hand (PIP_FIND_LINKS) is taken by uv too.
.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	UV_FIND_LINKS="$${PIP_FIND_LINKS:-}" $(BIN)/uv pip install --quiet --python $(BIN)/python \
		-c constraints.txt -e '.[book,dev,sweep]'
	@touch $@

train: setup  ## Train on the demo corpus and record the run under runs/
	$(BIN)/papermill notebooks/train.ipynb runs/train.ipynb
	@$(BIN)/python -m tagspace runs

sweep: setup  ## Train every combination of tag sets: Table II on the demo corpus
	$(BIN)/papermill notebooks/sweep.ipynb runs/sweep.ipynb

test: setup  ## Linters, the book, all tests, all notebooks: what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --no-print-directory book
	$(PYTEST)
	$(BIN)/pytest --nbval --nbval-current-env notebooks

check: setup  ## Linters and the fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYTEST) -m "not slow"

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

bench: setup  ## Measure speed, as ratios side by side
	UV_FIND_LINKS="$${PIP_FIND_LINKS:-}" $(BIN)/uv pip install --quiet --python $(BIN)/python \
		-c constraints.txt -e '.[bench]'
	$(BIN)/python benchmarks/bench.py

lock: setup  ## Resolve constraints.txt anew
	{ echo '# Versions that are tested together, for every platform. Made by `make lock`.'; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras \
		--no-header --no-annotate pyproject.toml; } > constraints.new
	mv constraints.new constraints.txt

clean:  ## Remove what make has made, but for runs/
	rm -rf .venv _build .pytest_cache .ruff_cache .hypothesis
