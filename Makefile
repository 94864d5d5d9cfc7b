# MAD-X Study. `make study` and `make test` set up all they need; `make` alone lists the targets.

CONFIG ?= config/config.yaml
# studies of `make study-all`: the whole paper in miniature
STUDIES ?= config/complete.yaml
CORES ?= all
# folder of real data for studies with `local` sources, e.g. ../data
DATA_ROOT ?=
# address of another package index for torch (PyTorch's index of CPU builds, say); empty for pip's own
TORCH_INDEX ?=
# Python 3.11 or newer, with its venv module
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 5000

BIN := .venv/bin
READY := .venv/ready
RESULTS = results/$(shell sed -n "s/^study:[ \"']*\([A-Za-z0-9._-]*\).*/\1/p" "$(CONFIG)")
DATA = $(if $(DATA_ROOT),--config "data_root=$(DATA_ROOT)")

.DEFAULT_GOAL := help
.PHONY: help setup study study-all test lint bench plan ui report clean
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12
	@echo
	@echo "Settings: CONFIG=$(CONFIG) CORES=$(CORES) DATA_ROOT=$(DATA_ROOT) TORCH_INDEX=$(TORCH_INDEX) PYTHON=$(PYTHON)"

setup: $(READY) ## make the environment in .venv, with the versions of constraints.txt

# torch goes first: whatever build of it pip finds (CPU or GPU) satisfies the other packages
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer with its venv module is needed (Debian: apt install python3.11-venv)," \
	         "but PYTHON is '$(PYTHON)'" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[dev,slurm]'
	touch $@

study: $(READY) ## run the study of CONFIG (default: the miniature); does nothing where all is up to date
	$(BIN)/madx study --configfile "$(CONFIG)" --cores $(CORES) $(DATA)

study-all: $(READY) ## run the whole paper in miniature (the studies of STUDIES, one after the other)
	for study in $(STUDIES); do $(BIN)/madx study --configfile $$study --cores $(CORES) $(DATA) || exit 1; done

test: $(READY) ## run the unit and workflow tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: $(READY) ## check style and the workflow, change nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint --configfile "$(CONFIG)" $(DATA)

bench: $(READY) ## measure speed and memory beside the adapters library (an hour on two cores; tables in benchmarks/)
	$(BIN)/python -m benchmarks.speed

plan: $(READY) ## what the jobs that are left of CONFIG cost at the rates measured by bench
	$(BIN)/madx plan --configfile "$(CONFIG)" $(DATA)

ui: $(READY) ## open the study's runs in MLflow's browser interface on this machine
	$(BIN)/madx ui --configfile "$(CONFIG)" $(DATA) --port $(PORT)

report: $(READY) ## write Snakemake's report of the finished study to results/<study>/report.html
	$(BIN)/snakemake --configfile "$(CONFIG)" $(DATA) --report $(RESULTS)/report.html

clean: ## remove the environment and caches; results stay (remove results/<study> by hand)
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
