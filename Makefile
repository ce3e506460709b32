# Two commands: `make demo [FILE=path.pdf]` and `make test`. The rest are their parts.
FILE ?= examples/inspection-report.pdf
VENV := .venv
PYTHON := $(VENV)/bin/python

# Its parts build into the same folders, and each takes all processors by itself.
.NOTPARALLEL:
.PHONY: demo test bench packages records faults format clean

demo: $(VENV)/.release
	@$(PYTHON) examples/demo.py "$(FILE)"

test: $(VENV)/.release node/.release node/test/tools/node_modules tests/packaging/tools/node_modules
	@$(PYTHON) tests/run.py

bench: $(VENV)/.release node/.release
	@$(PYTHON) tests/benches/upload/bench.py
	@$(PYTHON) tests/benches/first_call.py

packages: $(VENV)/.tools node/.release
	@$(PYTHON) tests/packaging/build.py

records:
	cargo xtask records
	cargo xtask npm

# Plays every scenario, then writes docs/faults.md.
faults: $(VENV)/.release node/.release
	@cargo build --quiet -p nomkit-driver -p nomkit-conformance
	@target/debug/nomkit-conformance --faults docs/faults.md --write

format:
	cargo fmt --all
	$(VENV)/bin/ruff format --config python/pyproject.toml python tests examples
	$(VENV)/bin/ruff check --fix --config python/pyproject.toml python tests examples
	npm run format --silent --prefix node

$(VENV)/.tools: tests/requirements.txt
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

# Optimised, as users get it; cargo knows what is stale, so this runs each time.
.PHONY: $(VENV)/.release
$(VENV)/.release: $(VENV)/.tools
	@$(PYTHON) tests/packaging/build.py command >/dev/null
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --force-reinstall --no-index target/packages/nomkit_cli-*.whl
	@$(PYTHON) tests/packaging/build.py develop

node/node_modules tests/packaging/tools/node_modules: %/node_modules: %/package-lock.json
	@npm ci --silent --prefix $*
	@touch $@

# Not `npm ci`: that wants packages for every platform, which not every registry has.
node/test/tools/node_modules: node/test/tools/package-lock.json
	@npm install --silent --no-save --prefix node/test/tools
	@touch $@

.PHONY: node/.release
node/.release: node/node_modules $(VENV)/.tools
	@npm run build --silent --prefix node
	@$(PYTHON) tests/packaging/build.py addon >/dev/null

clean:
	rm -rf target $(VENV) demo-output node/node_modules node/dist node/build node/npm/*/nomkit.node node/test/tools/node_modules tests/packaging/tools/node_modules
