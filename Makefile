# One entry for everything. `make` alone lists what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BENCH  := .venv-bench
PEER   := .venv-hindsight
NODE   := .opensearch
TOOLS  := .venv-deploy
DOCS   := .venv-docs
UV     := $(BIN)/uv
UV_PIN := 0.13.8
CONSOLE := hatch_build.py web/index.html web/package-lock.json $(shell find web/src web/public -type f 2>/dev/null)
# How many tests run at once, and in which order they begin, is defined in tests/conftest.py.
AT_ONCE := --maxprocesses 5 --dist loadgroup --no-loadscope-reorder --numprocesses
EXTRAS ?=
OPTIONAL := a2a chroma docs-import hindsight kafka llm opensearch otel
COMMA := ,
CHOSEN := $(sort $(subst $(COMMA), ,$(EXTRAS)))
$(if $(filter-out $(OPTIONAL),$(CHOSEN)),$(error EXTRAS knows $(OPTIONAL), not $(filter-out $(OPTIONAL),$(CHOSEN))))
LOCKING := --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-emit-package onrecall-model --quiet

export UV_NO_PROGRESS ?= 1
# The second of two runs need not compile all tests anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo dist docs-site serve test test-fast test-thorough check format bench bench-setup types extras sources-docs screenshots lock clean unplugged hindsight-setup test-hindsight opensearch-setup test-opensearch faults fuzz-risk golden deploy-check sbom advisories

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

demo: $(VENV)/run.stamp $(CHOSEN:%=$(VENV)/extra-%.stamp) ## the product with the example history and a live scenario, at http://127.0.0.1:8000
	@exec $(BIN)/onrecall demo $(ARGS)

serve: $(VENV)/run.stamp $(CHOSEN:%=$(VENV)/extra-%.stamp) ## the product on your own memory
	@exec $(BIN)/onrecall serve $(ARGS)

test: $(VENV)/dev.stamp ## all checks and all tests, on SQLite and on PostgreSQL
	@$(MAKE) --no-print-directory --jobs 2 check test-all

.PHONY: test-all
test-all: $(VENV)/dev.stamp
	@$(BIN)/pytest $(AT_ONCE) auto --deselect tests/test_names.py $(ARGS)  # which is part of the checks

test-fast: $(VENV)/dev.stamp ## the tests that need no other process, no server, no browser and no model, with fewer examples
	@EXAMPLES_FACTOR=0.2 $(BIN)/pytest $(AT_ONCE) logical -m unit --deselect tests/test_names.py $(ARGS)  # which is part of the checks

unplugged: $(VENV)/dev.stamp ## the core path in a namespace without network; checks that it makes no outbound call
	@$(BIN)/pytest -q -s tests/interfaces/test_unplugged.py $(ARGS)

check: $(VENV)/dev.stamp ## lint, format, strict types, import directions and names
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@report=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$report"; exit 1; }
	@$(BIN)/pytest -qq --no-header -p no:cacheprovider tests/test_names.py
	@echo "check: ruff, format, types, import directions and names are fine"

format: $(VENV)/dev.stamp ## apply the automatic fixes of ruff
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

test-thorough: $(VENV)/dev.stamp ## the property tests with ten times as many examples, new ones each time (half an hour)
	@EXAMPLES_FACTOR=10 CI= $(BIN)/pytest $(AT_ONCE) logical -m hypothesis --timeout 3000 $(ARGS)

fuzz-risk: $(VENV)/dev.stamp ## rewrite dangerous commands at random for 10 minutes: none may look safer (ARGS="--seconds 60 --seed 1")
	@$(BIN)/python tests/recommendation/fuzz_risk.py $(ARGS)

golden: $(VENV)/dev.stamp ## regenerate the expected results of the golden inputs; review the difference like code
	@PYTHONPATH=tests $(BIN)/python -m golden

bench: $(VENV)/run.stamp ## recall quality on a BEIR folder: make bench ARGS="recall DIR"
	@$(BIN)/onrecall bench $(ARGS)

bench-setup: $(BENCH)/stamp ## a separate environment for `bench speed`, with the engines it is compared with
	@echo "now: $(BENCH)/bin/onrecall bench speed --peers chroma,fts5,pgvector"

hindsight-setup: $(PEER)/stamp ## a separate environment with a real Hindsight server, for the tests that use one

test-hindsight: $(VENV)/dev.stamp $(PEER)/stamp ## the tests against a real Hindsight server
	@$(BIN)/pytest -m hindsight $(ARGS)

opensearch-setup: $(NODE)/stamp ## a real OpenSearch node from Maven's jars, for the tests that ask one (needs Java 17 and Maven)

test-opensearch: $(VENV)/dev.stamp $(NODE)/stamp ## the tests against a real OpenSearch node
	@$(BIN)/pytest -m opensearch $(ARGS)

faults: $(VENV)/dev.stamp ## many hosts as network namespaces, broken one part after another: what was lost, how long it took (root; docs/scale.md)
	@PYTHONPATH=tests $(BIN)/python -m faults $(ARGS)

extras: $(VENV)/run.stamp $(CHOSEN:%=$(VENV)/extra-%.stamp) ## optional parts, also for demo and serve: EXTRAS=llm,kafka (a2a, chroma, docs-import, hindsight, kafka, llm, opensearch, otel)
	@echo "installed: $(or $(CHOSEN),nothing; choose with EXTRAS=llm$(COMMA)kafka)"

types: $(VENV)/dev.stamp ## regenerate the API description and its types for the console (web/openapi.json)
	@$(BIN)/python web/describe.py > web/openapi.json
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent types

sources-docs: $(VENV)/run.stamp ## regenerate the tools' part of docs/sources.md and the schema of their files
	@$(BIN)/onrecall sources docs docs/sources.md
	@$(BIN)/onrecall sources schema > docs/source-definition.schema.json

screenshots: $(VENV)/dev.stamp ## retake the pictures in docs/console from a demo that it starts (needs Chromium)
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" node shots.mjs ../docs/console $(ARGS)

deploy-check: $(TOOLS)/stamp ## check Dockerfile, chart, units, alerts and workflows with the tools they are made for (ARGS=--require)
	@$(TOOLS)/bin/python deploy/check.py $(ARGS)

sbom: $(TOOLS)/stamp ## list what a release contains, with licences: dist/onrecall.cdx.json (CycloneDX) and dist/licences.md
	@mkdir -p dist && rm -rf $(TOOLS)/release && $(UV) venv --quiet --python $(PYTHON) $(TOOLS)/release
	@$(UV) pip install --quiet --python $(TOOLS)/release/bin/python --no-deps --require-hashes -r requirements.lock
	@$(TOOLS)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o dist/onrecall.cdx.json $(TOOLS)/release/bin/python
	@$(TOOLS)/bin/pip-licenses --python $(TOOLS)/release/bin/python --from=mixed --format=markdown --with-urls --output-file=dist/licences.md >/dev/null
	@ls -l dist/onrecall.cdx.json dist/licences.md | awk '{printf "  %s  %.0f kB\n", $$NF, $$5 / 1e3}'

advisories: $(TOOLS)/stamp ## look for known vulnerabilities in all locked dependencies; needs a network
	@for lock in requirements*.lock; do echo "$$lock"; $(TOOLS)/bin/pip-audit --no-deps --disable-pip --progress-spinner off --requirement $$lock || failed=1; done; \
	  cd web && npm audit --audit-level=high || failed=1; exit $${failed:-0}

lock: $(UV) ## resolve the dependencies again into the hashed lock files
	$(UV) pip compile pyproject.toml --extra postgres --extra slack --group pyproject.toml:model --group pyproject.toml:build $(LOCKING) -o requirements.lock
	$(UV) pip compile pyproject.toml --extra postgres --extra slack --group pyproject.toml:model --group pyproject.toml:build --group pyproject.toml:dev -c requirements.lock $(LOCKING) -o requirements-dev.lock
	for part in $(OPTIONAL); do $(UV) pip compile pyproject.toml --extra $$part -c requirements-dev.lock $(LOCKING) -o requirements-extra-$$part.lock || exit 1; done
	$(UV) pip compile --group pyproject.toml:node $(LOCKING) -o requirements-node.lock
	$(UV) pip compile pyproject.toml --extra postgres --extra slack --group pyproject.toml:model --group pyproject.toml:build --group pyproject.toml:bench -c requirements-dev.lock $(LOCKING) -o requirements-bench.lock
	$(UV) pip compile --group pyproject.toml:hindsight-server --overrides tests/hindsight/not_installed.txt $(LOCKING) -o requirements-hindsight.lock
	$(UV) pip compile --group pyproject.toml:deploy $(LOCKING) -o requirements-deploy.lock
	$(UV) pip compile --group pyproject.toml:docs $(LOCKING) -o requirements-docs.lock

docs-site: $(DOCS)/stamp ## build the documentation as a searchable site, which the product serves at /docs/guide/
	@$(DOCS)/bin/zensical build --clean --config-file mkdocs.yml >/dev/null
	@du -sm src/onrecall/http/guide_site | awk '{printf "built src/onrecall/http/guide_site (%s MB); open it at /docs/guide/ of a running server\n", $$1}'

dist: $(VENV)/dev.stamp docs-site ## build the wheels of OnRecall and of its sentence model into dist/, with console and documentation
	@rm -rf dist
	@echo "building the wheel of the sentence model (88 MB of weights, each file checked) …"
	@cd packages/onrecall-model && $(CURDIR)/$(BIN)/python -m hatchling build -t wheel -d $(CURDIR)/dist >/dev/null
	@echo "building the wheel of OnRecall …"
	@$(BIN)/python -m hatchling build -t wheel -d dist >/dev/null
	@ls -l dist | awk 'NR > 1 {printf "  dist/%s  %.1f MB\n", $$NF, $$5 / 1e6}'
	@echo "install them with: pip install dist/*.whl (docs/deploy.md says more)"

clean: ## remove the environment and the files that tools created
	rm -rf $(VENV) $(VENV)-uv $(BENCH) $(PEER) $(NODE) $(TOOLS) $(DOCS) web/node_modules src/onrecall/http/console src/onrecall/http/guide_site .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

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
	@echo "installing what the tests need (once; 1 GB of disk) …"
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

$(NODE)/stamp: tests/opensearch/install_node.py $(wildcard tests/opensearch/node/*)
	@echo "installing an OpenSearch node for the tests into $(NODE) (once) …"
	@$(PYTHON) tests/opensearch/install_node.py $(NODE)

$(TOOLS)/stamp: requirements-deploy.lock | $(UV)
	@echo "installing what checks deploy/ into $(TOOLS) (once) …"
	@test -e $(TOOLS)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(TOOLS)
	@$(UV) pip install --quiet --python $(TOOLS)/bin/python --require-hashes -r requirements-deploy.lock
	@touch $@

$(DOCS)/stamp: requirements-docs.lock | $(UV)
	@echo "installing what builds the documentation site into $(DOCS) (once; 104 MB of disk) …"
	@test -e $(DOCS)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(DOCS)
	@$(UV) pip install --quiet --python $(DOCS)/bin/python --require-hashes -r requirements-docs.lock
	@touch $@
