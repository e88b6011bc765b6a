# `make demo` and `make test` set everything up by themselves.
PYTHON ?= python3
export PYTHON
VENV = .venv/bin
SHELL = /bin/sh

.PHONY: help demo test lint format bench clean setup-demo setup-test setup-bench

help:
	@echo "make demo    set up, then render a sample project on this machine"
	@echo "make test    set up, then all checks and tests"
	@echo "make lint    only the checks"
	@echo "make format  format the code"
	@echo "make bench   the benchmarks, against what people do by hand"
	@echo "make clean   remove what was set up here"

setup-demo:
	@scripts/setup.sh demo

setup-test:
	@scripts/setup.sh test

setup-bench:
	@scripts/setup.sh bench

demo: setup-demo
	@$(VENV)/blendtui demo

test: lint
	$(VENV)/pytest

lint: setup-test
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/lint-imports

format: setup-test
	$(VENV)/ruff check --fix
	$(VENV)/ruff format

bench: setup-bench
	$(VENV)/python -m benchmarks

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
