# Every target makes its own virtual environment in .venv first; nothing is installed outside the
# checkout. `make help` lists the targets.

PY := .venv/bin/python
PYTEST := $(PY) -m pytest
OUT := out
COMPILE := .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.13 \
	--generate-hashes --no-emit-index-url --custom-compile-command "make lock" $(LOCK_ARGS)

# What the caller's shell has Python import from elsewhere would go before what is locked here.
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help setup demo test azurite soak bench check lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## make or refresh .venv from the hashed lock
	@sh tools/bootstrap.sh

demo: setup ## upgrade and settle the sample estate on this machine; writes out/demo/
	$(PY) -m local.demo $(ARGS)

# Files in the order of their folders: reordered by the number of their tests, those with few long
# ones would come last, and one of them would keep one worker busy alone. Three workers, also on two
# cores: tests that start servers spend half of their time waiting for them.
test: setup ## run every test except long runs and benchmarks
	$(PYTEST) -n 3 --dist loadfile --no-loadscope-reorder -m "not soak and not bench" $(ARGS)

azurite: ## install Microsoft's storage emulator for make test to use (npm, Node.js 20 or newer)
	npm ci --prefix tests/azurite --ignore-scripts --no-audit --no-fund --loglevel error

soak: setup ## run the long tests
	$(PYTEST) -m soak --timeout 0 $(ARGS)

bench: ## run the benchmarks; JSON in out/bench/; adds requirements-bench.txt to .venv
	@sh tools/bootstrap.sh bench
	$(PY) -m tools.run_benchmarks --out $(OUT)/bench $(ARGS)

check: setup ## lint, format, types, import contracts, size budgets, fresh documents
	$(PY) -m tools.run_checks

lock: setup ## make the hashed locks from pyproject.toml (LOCK_ARGS=--upgrade for newer versions)
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group dev --constraints requirements.txt --output-file requirements-dev.txt
	$(COMPILE) --group dev --group bench --constraints requirements-dev.txt \
		--output-file requirements-bench.txt

clean: ## remove everything that make made, the environment included
	rm -rf .venv .tools $(OUT) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis .coverage
	rm -rf tests/azurite/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
