# `make demo` and `make test` set everything up by themselves.
PYTHON ?= python3
export PYTHON
VENV = .venv/bin

N ?= 20
# Where `make test-versions` keeps its Blenders, and which of them it tries: all, if empty.
BLENDERS ?= .blenders
VERSIONS ?=

.PHONY: help demo test test-versions test-slurm formats refusals blenders chaos hostile lint audit format bench \
	soak addon screenshots clean setup-demo setup-test setup-versions setup-bench setup-slurm

help:
	@echo "make demo    set up, then render a sample project on this machine"
	@echo "make test    set up, then all checks and tests"
	@echo "make test-versions  the driver's and the add-on's tests on each Blender: 3.4, 4.2, 5.0, 5.2"
	@echo "make test-slurm  four slots as four sruns of a real Slurm, as root"
	@echo "make chaos N=200  so many farms amid random faults, as root"
	@echo "make hostile N=20  so many times as many mutated zips, .blend files, logs and names"
	@echo "make formats docs/formats.md, from what each Blender writes"
	@echo "make refusals  docs/refusals.md, from what real farms say"
	@echo "make lint    only the checks"
	@echo "make audit   look the packages up among known vulnerabilities"
	@echo "make format  format the code"
	@echo "make bench   the benchmarks, against what people do by hand"
	@echo "make soak    a million frames through the engine, in some ten minutes"
	@echo "make addon   the zip of Blender's add-on, in dist/"
	@echo "make screenshots  the pictures of the control centre in docs/"
	@echo "make clean   remove what was set up here"

setup-demo setup-test setup-versions setup-bench setup-slurm:
	@scripts/setup.sh $(subst setup-,,$@)

demo: setup-demo
	@$(VENV)/blendtui demo

test: lint
	$(VENV)/pytest -n 3 --dist loadfile --no-loadscope-reorder

test-versions: blenders
	@$(VENV)/python -m tests.versions $(BLENDERS) $(VERSIONS)

test-slurm: setup-slurm
	BLENDTUI_TEST_SLURM=1 $(VENV)/pytest -rs tests/real/test_slurm.py

formats: blenders
	@$(VENV)/python -m tests.versions.table $(BLENDERS) docs/formats.md

refusals: blenders
	@$(VENV)/python -m tests.refusals $(BLENDERS) docs/refusals.md

blenders: setup-versions
	@$(VENV)/python scripts/blenders.py $(BLENDERS)

chaos: setup-test
	$(VENV)/python -m tests.lab $(N)

hostile: setup-test
	EXAMPLES_TIMES=$(N) $(VENV)/pytest --timeout=0 tests/intake tests/devices/test_protocol.py \
		tests/devices/test_vitals.py tests/share/test_names.py

lint: setup-test
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy
	$(VENV)/lint-imports --no-logo
	$(VENV)/python scripts/audit.py

audit: setup-test
	$(VENV)/python scripts/audit.py

format: setup-test
	$(VENV)/ruff check --fix
	$(VENV)/ruff format

screenshots: setup-test
	$(VENV)/python scripts/screenshots.py docs

bench: setup-bench
	$(VENV)/python -m benchmarks

addon:
	@$(PYTHON) scripts/build_addon.py dist

soak: setup-bench
	$(VENV)/python -m benchmarks.soak

clean:
	rm -rf .venv .blenders .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
