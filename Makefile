# Everything a person types. Each target says what it does with `make help`.
PY := .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup lock demo run check test bench

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 16

setup: ## everything into .venv, models/, build/footage and web/dist; missing system packages through apt
	@scripts/setup

demo: setup ## a living county on this machine: make demo ARGS='--seconds 90 --headless'
	@$(PY) -m hub demo $(ARGS)

run: setup ## the hub on its own data: make run ARGS='--port 8000'
	@$(PY) -m hub serve $(ARGS)

check: setup ## lint, types, house plan and the fast tests
	@scripts/check

test: setup ## everything: check, then the tests that start whole processes
	@scripts/check --all

bench: setup ## side-by-side benchmarks
	@$(PY) -m bench $(ARGS)

lock: ## resolve requirements/*.in again (needs uv on the path)
	uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 requirements/run.in -o requirements/run.lock
	uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 requirements/dev.in -o requirements/dev.lock
