# Three commands: `make demo [FILE=path.pdf]`, `make test` and `make prove`. The rest are their parts.
FILE ?= examples/inspection-report.pdf
VENV := .venv
PYTHON := $(VENV)/bin/python
# In CI no daemon of Kotlin's compiler stays behind; elsewhere it makes the next build faster. Registries fail now and then.
MVN := mvn --quiet --batch-mode $(if $(filter true,$(CI)),-Dkotlin.compiler.daemon=false) \
	-Dmaven.wagon.http.retryHandler.count=6 -Daether.connector.http.retryHandler.count=6

# Its parts build into the same folders, and each takes all processors by itself.
.NOTPARALLEL:
.PHONY: demo test prove bench packages records faults format clean

demo: $(VENV)/.release
	@$(PYTHON) examples/demo.py "$(FILE)"

test: $(VENV)/.release node/.release kotlin/.release swift/.release node/test/tools/node_modules tests/packaging/tools/node_modules
	@$(PYTHON) tests/run.py

# The long proofs, in virtual time; `make prove SEED=7 TRIALS=1000` for fewer of them. Needs cargo alone.
SEED ?= 7
prove:
	@mkdir -p target
	@cargo run --quiet --release -p nomkit-cli -- prove --seed $(SEED) $(if $(TRIALS),--trials $(TRIALS),--full) --json target/prove.json

bench: $(VENV)/.release node/.release
	@$(PYTHON) tests/benches/upload/bench.py
	@$(PYTHON) tests/benches/first_call.py

packages: $(VENV)/.tools node/.release kotlin/.release
	@$(PYTHON) tests/packaging/build.py
	@if command -v mvn >/dev/null; then $(PYTHON) tests/packaging/build.py maven; fi

records:
	cargo xtask records
	cargo xtask npm
	cargo xtask maven

# Plays every scenario, then writes docs/faults.md.
faults: $(VENV)/.release node/.release kotlin/.release swift/.release
	@cargo build --quiet -p nomkit-driver -p nomkit-conformance
	@target/debug/nomkit-conformance --faults docs/faults.md --write

format:
	cargo fmt --all
	$(VENV)/bin/ruff format --config python/pyproject.toml python tests examples
	$(VENV)/bin/ruff check --fix --config python/pyproject.toml python tests examples
	npm run format --silent --prefix node
	@if command -v mvn >/dev/null; then $(MVN) --file kotlin antrun:run@ktlint-format; fi
	@if swift/toolchain true; then swift/toolchain swift format --in-place --recursive swift/Package.swift swift/Sources/Nomkit/*.swift swift/Tests tests/drivers/swift examples; fi

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

# The library of Kotlin and Swift with what is generated from it, then Kotlin's package.
.PHONY: bridge kotlin/.release swift/.release
bridge: $(VENV)/.tools
	@$(PYTHON) tests/packaging/build.py bridge >/dev/null

# Where Maven is not installed, `make test` says so.
kotlin/.release: bridge
	@if command -v mvn >/dev/null; then $(MVN) --file kotlin package -DskipTests; fi

# Where Swift cannot be had, `make test` says why.
swift/.release: bridge
	@if swift/toolchain true; then swift/toolchain swift build --quiet --package-path tests/drivers/swift/driver; fi

clean:
	rm -rf target $(VENV) demo-output node/node_modules node/dist node/build node/npm/*/nomkit.node node/test/tools/node_modules tests/packaging/tools/node_modules kotlin/target kotlin/generated swift/library swift/Sources/NomkitFFI swift/Sources/Nomkit/Generated swift/.build tests/drivers/swift/driver/.build examples/ios/.build
