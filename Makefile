# Each of these is `python -m rmqlab ...`, which is what Windows users type. ARGS passes more on:
#   make lab ARGS="--no-browser --port 8890"      make test ARGS="-m unit"
PYTHON ?= $(shell command -v python3 || command -v python)
ARGS ?=
LAB ?=

ifeq ($(strip $(PYTHON)),)
$(error No Python found: install Python 3.11 or newer, or name one with make PYTHON=/path/to/python)
endif

.DEFAULT_GOAL := help
.PHONY: help lab test env check build bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab: ## JupyterLab on lab 00 (makes the environment and fetches the broker on first use)
	@"$(PYTHON)" -m rmqlab lab $(ARGS)

test: ## everything CI runs
	@"$(PYTHON)" -m rmqlab test $(ARGS)

env: ## create or update .venv and nothing else
	@"$(PYTHON)" -m rmqlab env

check: ## validate the notebooks; LAB=03: one of them
	@"$(PYTHON)" -m rmqlab check $(LAB) $(ARGS)

build: ## course/ to labs/ and solutions/; LAB=03: one of them
	@"$(PYTHON)" -m rmqlab build $(LAB) $(ARGS)

bench: ## measure the start of a cluster and the client
	@"$(PYTHON)" -m rmqlab bench start $(ARGS)
	@"$(PYTHON)" -m rmqlab bench client $(ARGS)

clean: ## stop every cluster of this user, delete .venv and the caches of tools (work/ stays)
	@test ! -d .venv || "$(PYTHON)" -m rmqlab down --all
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis
