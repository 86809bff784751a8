# One entry for everything. `make` alone lists what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BENCH  := .venv-bench
PEER   := .venv-hindsight
TOOLS  := .venv-deploy
UV     := $(BIN)/uv
UV_PIN := 0.13.8
CONSOLE := hatch_build.py web/index.html web/package-lock.json $(shell find web/src web/public -type f 2>/dev/null)
# As many tests at once as there are processors, and no more than four: some start a database or a browser of their own.
AT_ONCE := --numprocesses auto --maxprocesses 4 --dist loadgroup
EXTRAS ?=
OPTIONAL := chroma docs-import hindsight kafka llm otel
COMMA := ,
CHOSEN := $(sort $(subst $(COMMA), ,$(EXTRAS)))
$(if $(filter-out $(OPTIONAL),$(CHOSEN)),$(error EXTRAS knows $(OPTIONAL), not $(filter-out $(OPTIONAL),$(CHOSEN))))
LOCKING := --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-emit-package onrecall-model --quiet

export UV_NO_PROGRESS ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo dist serve test test-fast check format bench bench-setup types extras sources-docs screenshots lock clean unplugged hindsight-setup test-hindsight fuzz-risk golden deploy-check sbom advisories

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

demo: $(VENV)/run.stamp $(CHOSEN:%=$(VENV)/extra-%.stamp) ## the whole product with example history and a live scenario, on http://127.0.0.1:8000
	@exec $(BIN)/onrecall demo $(ARGS)

serve: $(VENV)/run.stamp $(CHOSEN:%=$(VENV)/extra-%.stamp) ## the product on your own memory
	@exec $(BIN)/onrecall serve $(ARGS)

test: $(VENV)/dev.stamp ## all checks and all tests, on SQLite and on PostgreSQL
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest $(AT_ONCE) -m "not alone" $(ARGS)
	@$(BIN)/pytest -m alone $(ARGS) || test $$? = 5  # none of them is among what was asked for

test-fast: $(VENV)/dev.stamp ## the tests without PostgreSQL
	@$(BIN)/pytest $(AT_ONCE) -m "not postgres and not alone" $(ARGS)
	@$(BIN)/pytest -m "alone and not postgres" $(ARGS) || test $$? = 5

unplugged: $(VENV)/dev.stamp ## the core path in a namespace without network, where that can be had; nobody is called
	@$(BIN)/pytest -q -s tests/interfaces/test_unplugged.py $(ARGS)

check: $(VENV)/dev.stamp ## lint, format, strict types, import directions and names
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo 2>&1 | tail -n 3
	@$(BIN)/pytest -qq --no-header -p no:cacheprovider tests/test_names.py
	@echo "check: ruff, format, types, import directions and names are fine"

format: $(VENV)/dev.stamp ## let ruff fix what it can
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

fuzz-risk: $(VENV)/dev.stamp ## write dangerous commands otherwise for 10 minutes: none may look safer (ARGS="--seconds 60 --seed 1")
	@$(BIN)/python tests/recommendation/fuzz_risk.py $(ARGS)

golden: $(VENV)/dev.stamp ## record what the code does with the golden inputs anew; review the difference like code
	@PYTHONPATH=tests $(BIN)/python -m golden

bench: $(VENV)/run.stamp ## recall quality on a BEIR folder: make bench ARGS="recall DIR"
	@$(BIN)/onrecall bench $(ARGS)

bench-setup: $(BENCH)/stamp ## an environment of its own for `bench speed`, with the peers it races
	@echo "now: $(BENCH)/bin/onrecall bench speed --peers chroma,fts5,pgvector"

hindsight-setup: $(PEER)/stamp ## an environment of its own with a real Hindsight server, for the tests that talk to one

test-hindsight: $(VENV)/dev.stamp $(PEER)/stamp ## the tests against a real Hindsight server
	@$(BIN)/pytest -m hindsight $(ARGS)

extras: $(VENV)/run.stamp $(CHOSEN:%=$(VENV)/extra-%.stamp) ## optional parts, also for demo and serve: EXTRAS=llm,kafka (chroma, docs-import, hindsight, kafka, llm, otel)
	@echo "installed: $(or $(CHOSEN),nothing; choose with EXTRAS=llm$(COMMA)kafka)"

types: $(VENV)/dev.stamp ## describe the API anew for the console (web/openapi.json and its types)
	@$(BIN)/python web/describe.py > web/openapi.json
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent types

sources-docs: $(VENV)/run.stamp ## write the tools' part of docs/sources.md and the schema of their files anew
	@$(BIN)/onrecall sources docs docs/sources.md
	@$(BIN)/onrecall sources schema > docs/source-definition.schema.json

screenshots: $(VENV)/dev.stamp ## take the pictures in docs/console anew, of a demo that is started for it (needs Chromium)
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" node shots.mjs ../docs/console $(ARGS)

deploy-check: $(TOOLS)/stamp ## check Dockerfile, chart, units, alerts and workflows with the tools they are written for (ARGS=--require)
	@$(TOOLS)/bin/python deploy/check.py $(ARGS)

sbom: $(TOOLS)/stamp ## list what a release contains, with licences: dist/onrecall.cdx.json (CycloneDX) and dist/licences.md
	@mkdir -p dist && rm -rf $(TOOLS)/release && $(UV) venv --quiet --python $(PYTHON) $(TOOLS)/release
	@$(UV) pip install --quiet --python $(TOOLS)/release/bin/python --no-deps --require-hashes -r requirements.lock
	@$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o dist/onrecall.cdx.json $(TOOLS)/release/bin/python
	@$(TOOLS)/bin/pip-licenses --python $(TOOLS)/release/bin/python --from=mixed --format=markdown --with-urls --output-file=dist/licences.md >/dev/null
	@ls -l dist/onrecall.cdx.json dist/licences.md | awk '{printf "  %s  %.0f kB\n", $$NF, $$5 / 1e3}'

advisories: $(TOOLS)/stamp ## look for known weaknesses in everything that is locked; needs a network
	@for lock in requirements*.lock; do echo "$$lock"; $(TOOLS)/bin/pip-audit --no-deps --disable-pip --progress-spinner off --requirement $$lock || failed=1; done; \
	  cd web && npm audit --audit-level=high || failed=1; exit $${failed:-0}

lock: $(UV) ## solve the dependencies anew into the hashed lock files
	$(UV) pip compile pyproject.toml --extra postgres --extra slack --group pyproject.toml:model --group pyproject.toml:build $(LOCKING) -o requirements.lock
	$(UV) pip compile pyproject.toml --extra postgres --extra slack --group pyproject.toml:model --group pyproject.toml:build --group pyproject.toml:dev -c requirements.lock $(LOCKING) -o requirements-dev.lock
	for part in $(OPTIONAL); do $(UV) pip compile pyproject.toml --extra $$part -c requirements-dev.lock $(LOCKING) -o requirements-extra-$$part.lock || exit 1; done
	$(UV) pip compile --group pyproject.toml:node $(LOCKING) -o requirements-node.lock
	$(UV) pip compile pyproject.toml --extra postgres --extra slack --group pyproject.toml:model --group pyproject.toml:build --group pyproject.toml:bench -c requirements-dev.lock $(LOCKING) -o requirements-bench.lock
	$(UV) pip compile --group pyproject.toml:hindsight-server --overrides tests/hindsight/not_installed.txt $(LOCKING) -o requirements-hindsight.lock
	$(UV) pip compile --group pyproject.toml:deploy $(LOCKING) -o requirements-deploy.lock

dist: $(VENV)/dev.stamp ## build the wheels of OnRecall and of its sentence model into dist/, the console inside
	@rm -rf dist
	@echo "building the wheel of the sentence model (88 MB of weights, each file checked) …"
	@cd packages/onrecall-model && $(CURDIR)/$(BIN)/python -m hatchling build -t wheel -d $(CURDIR)/dist >/dev/null
	@echo "building the wheel of OnRecall …"
	@$(BIN)/python -m hatchling build -t wheel -d dist >/dev/null
	@ls -l dist | awk 'NR > 1 {printf "  dist/%s  %.1f MB\n", $$NF, $$5 / 1e6}'
	@echo "install them with: pipx install --pip-args=--find-links=dist onrecall"

clean: ## remove the environment and what tools left behind
	rm -rf $(VENV) $(VENV)-uv $(BENCH) $(PEER) $(TOOLS) web/node_modules src/onrecall/http/console .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "OnRecall needs Python 3.11 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up $(VENV) (once) …"
	@if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_PIN); \
	elif command -v uv >/dev/null; then \
	  echo "this Python cannot make environments; uv makes it"; \
	  uv venv --quiet --python $(PYTHON) $(VENV) && uv pip install --quiet --python $(BIN)/python uv==$(UV_PIN); \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	  echo "this Python cannot make environments; pip fetches uv, which can"; \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --target $(VENV)-uv uv==$(UV_PIN) \
	    && $(VENV)-uv/bin/uv venv --quiet --python $(PYTHON) $(VENV) \
	    && $(VENV)-uv/bin/uv pip install --quiet --python $(BIN)/python uv==$(UV_PIN) && rm -rf $(VENV)-uv; \
	else \
	  echo "'$(PYTHON)' has neither venv nor pip. Install python3-venv (Debian, Ubuntu), or uv: https://docs.astral.sh/uv/"; exit 1; \
	fi

# The development environment holds all that the running one does, so `make demo` keeps it when it is there.
$(VENV)/run.stamp: requirements.lock pyproject.toml $(CONSOLE) | $(UV) $(VENV)/node.stamp
	@test -e $(VENV)/dev.stamp || { echo "installing what OnRecall runs on (once; 500 MB of disk, and 320 MB for building the console) …"; \
	  $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock; }
	@echo "building the console and installing OnRecall …"
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src/onrecall
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml $(CONSOLE) | $(UV) $(VENV)/node.stamp
	@echo "installing what the tests need (once; 1.2 GB of disk) …"
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@echo "building the console and installing OnRecall …"
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src/onrecall
	@touch $@ $(VENV)/run.stamp

# An optional part, in the versions that the tests ran with; the development environment has them all.
$(VENV)/extra-%.stamp: requirements-extra-%.lock | $(VENV)/run.stamp
	@test -e $(VENV)/dev.stamp || { echo "installing the optional part $* (once) …"; \
	  $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $<; }
	@touch $@

# The console is built with this machine's Node, or else with the one that PyPI has.
$(VENV)/node.stamp: requirements-node.lock | $(UV)
	@node --version 2>/dev/null | grep -qE '^v(2[0-9]|[3-9][0-9])' && npm --version >/dev/null 2>&1 \
	  || $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-node.lock
	@touch $@

$(BENCH)/stamp: requirements-bench.lock pyproject.toml | $(UV)
	@echo "installing the peers of the speed benchmark into $(BENCH) (once) …"
	@test -e $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	@$(UV) pip install --quiet --python $(BENCH)/bin/python --require-hashes -r requirements-bench.lock
	@$(UV) pip install --quiet --python $(BENCH)/bin/python --no-deps --no-build-isolation -e .
	@touch $@

$(PEER)/stamp: requirements-hindsight.lock | $(UV)
	@echo "installing a Hindsight server for the tests into $(PEER) (once) …"
	@test -e $(PEER)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(PEER)
	@$(UV) pip install --quiet --python $(PEER)/bin/python --no-deps --compile-bytecode --require-hashes -r requirements-hindsight.lock
	@touch $@

$(TOOLS)/stamp: requirements-deploy.lock | $(UV)
	@echo "installing what checks deploy/ into $(TOOLS) (once) …"
	@test -e $(TOOLS)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(TOOLS)
	@$(UV) pip install --quiet --python $(TOOLS)/bin/python --require-hashes -r requirements-deploy.lock
	@touch $@
