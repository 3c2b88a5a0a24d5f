# The two that a newcomer needs: `make demo` and `make test`. Both leave the command at .venv/bin/trimtab.
PYTHON ?=
JOBS ?= 2
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test check tools lock generated clean

demo: .venv/.installed ## the whole flow on a bundled fleet: no network, no token, no cluster
	$(BIN)/trimtab demo --dir trimtab-demo

test: .venv/.installed-dev tools ## all tests, with the real tools
	$(BIN)/pytest -q -n $(JOBS) --dist loadfile $(PYTEST_ARGS)

check: ## what continuous integration runs
	.ci/run

tools: ## helm, kustomize and actionlint into .tools/, Prometheus from the system's packages
	@.ci/tools

lock: .venv/.installed-dev ## resolve the dependencies anew, with hashes and without the address of an index
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile $(LOCK_FLAGS) --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCK_FLAGS) --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

generated: .venv/.installed-dev ## write the files that are made from code
	$(BIN)/python -m trimtab.config_schema
	$(BIN)/python -m trimtab.rules_table
	$(BIN)/python -m trimtab.life_diagram

clean: ## the environment and the demo's folder; the tools stay
	rm -rf .venv trimtab-demo

LOCK_FLAGS := --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command 'make lock' --no-emit-index-url --upgrade

.venv/.made:
	@python=$$(PYTHON='$(PYTHON)' .ci/python) && "$$python" -m venv .venv
	@touch $@

# The project itself is linked, not copied: an edit in bot/, rules/ or templates/ holds at once.
.venv/.installed: requirements.lock pyproject.toml | .venv/.made
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/.installed-dev: requirements-dev.lock pyproject.toml | .venv/.made
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@ .venv/.installed
