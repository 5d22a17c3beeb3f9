# `make help` lists what there is. Nothing is needed but make, Python and registries.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
JS := tests/support/js
PAGES := app/web/frontend
PAGES_SOURCES := $(shell find $(PAGES) -type f -not -path '*/node_modules/*')
PAGES_BUILT := app/web/static/build/scripts.json
CHROMIUM := tests/support/chromium
# The machine's Node.js where it is new enough, or else the one from the wheel.
NODE_IS_HERE := $(shell command -v npm >/dev/null && node -e 'process.exit(+(parseInt(process.versions.node) < 20))' 2>/dev/null && echo yes)
NPM ?= $(if $(NODE_IS_HERE),npm,PATH="$(abspath $(BIN)):$$PATH" $(abspath $(BIN))/npm)
LOCK_NPM = $(NPM) $(if $(ARGS),update,install) --package-lock-only --omit-lockfile-registry-resolved
NPM_CI := $(NPM) ci --no-audit --no-fund --loglevel=error
PEER := bench/peer
# Most tests wait most of the time: more of them at once than there are cores. A module
# stays in one process, with the servers that its tests share.
JOBS ?= 3
SIDE_BY_SIDE := $(if $(filter 1,$(JOBS)),,--numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder)

.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.run $(PAGES_BUILT) ## Serve on http://localhost:3000, or as PORT, DATABASE_URL ... say
	$(BIN)/flask --app wsgi db upgrade
	exec $(BIN)/gunicorn -c gunicorn.conf.py wsgi:app

TESTABLE := $(VENV)/.test $(JS)/node_modules/.package-lock.json $(PAGES_BUILT) browser

.PHONY: test
test: $(TESTABLE) ## Run every test but the soak; ARGS go to pytest, JOBS=1 runs one at a time
	cd $(PAGES) && $(NPM) test
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

.PHONY: soak
soak: $(TESTABLE) ## Run the tests that take long or need a calm machine, before a release
	$(BIN)/python -m pytest -m soak -rP $(ARGS)

# Those that cover most and take little: to measure slows all servers down.
COVERING := tests/unit tests/api tests/live tests/system/transport

.PHONY: coverage
coverage: $(VENV)/.test $(JS)/node_modules/.package-lock.json $(PAGES_BUILT) ## Check how much of the code the quick tests cover
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(SIDE_BY_SIDE) $(COVERING) $(ARGS)
	$(BIN)/coverage combine --quiet
	@mkdir -p build
	@$(BIN)/coverage report --skip-covered --show-missing > build/coverage.txt || { cat build/coverage.txt; false; }
	@grep ^TOTAL build/coverage.txt

.PHONY: pages
pages: $(PAGES_BUILT) ## Build the pages

# Debian's Chromium where it is, or else the one that npm has.
.PHONY: browser
browser: $(if $(shell command -v chromium),,$(CHROMIUM)/node_modules/.package-lock.json)

.PHONY: bench
bench: $(VENV)/.test $(PEER)/node_modules/.package-lock.json ## Measure beside the Node.js peer; ARGS=--quick, --large
	$(BIN)/python -m bench.run $(ARGS)

.PHONY: check
check: $(VENV)/.test $(PAGES)/node_modules/.package-lock.json ## Check format, lint, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(PAGES) && $(NPM) run check

.PHONY: format
format: $(VENV)/.test ## Format the sources and mend what the linter can
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: audit
audit: $(VENV)/.test ## Look for known vulnerabilities in what is installed (needs the network)
	$(BIN)/python -m tests.support.audit python $(abspath $(BIN))/pip-audit
	$(BIN)/python -m tests.support.audit node env $(NPM)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements.txt
	cd $(JS) && $(NPM) audit
	cd $(PAGES) && $(NPM) audit
	cd $(PEER) && $(NPM) audit

.PHONY: lock
lock: $(VENV)/.test ## Pin the packages again; ARGS=--upgrade takes newer ones
	$(COMPILE) $(ARGS) pyproject.toml -o requirements.txt
	$(COMPILE) $(ARGS) --group test -c requirements.txt pyproject.toml -o requirements-test.txt
	$(COMPILE) $(ARGS) --group build -c requirements-test.txt -o requirements-build.txt
	$(foreach folder,$(JS) $(PAGES) $(CHROMIUM) $(PEER),cd $(CURDIR)/$(folder) && $(LOCK_NPM);)

.PHONY: clean
clean: ## Remove what was installed and built
	rm -rf $(VENV) $(JS)/node_modules $(PEER)/node_modules $(PAGES)/node_modules $(CHROMIUM)/node_modules $(dir $(PAGES_BUILT)) build .coverage* .*_cache

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

# Node.js from the wheel, where the machine has none: for building no test requirements
# are needed. They hold the same wheel.
$(VENV)/.node: requirements-build.txt $(VENV)/pyvenv.cfg
	$(if $(NODE_IS_HERE),,$(INSTALL) -r requirements-build.txt)
	@touch $@

%/node_modules/.package-lock.json: %/package-lock.json | $(VENV)/.node
	cd $* && $(NPM_CI)
	@touch $@

$(PAGES_BUILT): $(PAGES_SOURCES) $(PAGES)/node_modules/.package-lock.json
	cd $(PAGES) && $(NPM) run build
