# `make help` lists what there is. Nothing is needed but make, Python and registries.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
JS := tests/support/js
PEER := bench/peer
# The machine's npm, or else the one that comes with the test requirements.
NPM ?= $(or $(shell command -v npm),$(abspath $(BIN)/npm))

.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.run ## Serve on http://localhost:3000, or as PORT, DATABASE_URL ... say
	$(BIN)/flask --app wsgi db upgrade
	exec $(BIN)/gunicorn -c gunicorn.conf.py wsgi:app

.PHONY: test
test: $(VENV)/.test $(JS)/node_modules/.package-lock.json ## Run every test; ARGS go to pytest
	$(BIN)/python -m pytest $(ARGS)

.PHONY: bench
bench: $(VENV)/.test $(PEER)/node_modules/.package-lock.json ## Measure beside the Node.js peer; ARGS=--quick, --large
	$(BIN)/python -m bench.run $(ARGS)

.PHONY: check
check: $(VENV)/.test ## Check format, lint, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.test ## Format the sources and mend what the linter can
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: audit
audit: $(VENV)/.test ## Look for known vulnerabilities in what is installed (needs the network)
	$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.txt
	cd $(JS) && $(NPM) audit

.PHONY: lock
lock: $(VENV)/.test ## Pin the packages again; ARGS=--upgrade takes newer ones
	$(COMPILE) $(ARGS) pyproject.toml -o requirements.txt
	$(COMPILE) $(ARGS) --group test -c requirements.txt pyproject.toml -o requirements-test.txt
	cd $(JS) && $(NPM) $(if $(ARGS),update,install) --package-lock-only --omit-lockfile-registry-resolved

.PHONY: clean
clean: ## Remove what was installed and built
	rm -rf $(VENV) $(JS)/node_modules $(PEER)/node_modules build .coverage* .*_cache

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or newer is needed: make PYTHON=python3.11' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt $(VENV)/pyvenv.cfg
	$(INSTALL) -r requirements.txt
	@touch $@

# The test requirements hold those for running, in the same versions.
$(VENV)/.test: requirements-test.txt requirements.txt $(VENV)/pyvenv.cfg
	$(INSTALL) -r requirements-test.txt
	@touch $(VENV)/.run $@

$(JS)/node_modules/.package-lock.json $(PEER)/node_modules/.package-lock.json: \
%/node_modules/.package-lock.json: %/package-lock.json | $(VENV)/.test
	cd $* && $(NPM) ci --no-audit --no-fund
	@touch $@
