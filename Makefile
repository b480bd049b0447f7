# What people run is what CI runs. The first target sets everything up, once: nothing goes before it.
#
#   make demo     the whole app on this machine: Azurite, a simulated Azure, ten messages;
#                 BOARD=1 opens the board beside it
#   make test     the tests, within a budget of CPU-seconds; make test-long  what is thorough
#   make check    format, lint, types, imports, generated documents
#   make lock     requirements.txt of requirements.in; UPGRADE=1 takes the newest, CHECK=1 compares
#   make package  the zip of exactly what runs in Azure, into dist/; make sbom lists what it needs
#   make audit    known vulnerabilities of what is locked; make test-delivery  the workflows
#   make test-infra   what infra/ would make, its alerts and workbook; where the Bicep compiler is
#   make test-docs    what the pages show: every az command, by the Azure CLI's own parser, and the
#                 queries; after a change of a command, for .ci/run parses none
#   make test-board   the board in Chromium; PICTURES=docs draws the pictures of the docs anew
#   make stack    Azurite and the simulator alone, for your own tries (PACE=12: 12 times as fast);
#                 a machine with three disks is among what there is to restore; then, beside it,
#                 make host (the app), make send FILE=request.json, make results,
#                 make ctl DO="ls --open" (restorectl, against the stack), make board (its page)
#   make doctor   could the app restore, and if not, why: the stack's, or another by DOCTOR="URL …"
#   make smoke    a validation and one real restore, likewise: SMOKE="URL …"
#   make test-host  the same cases on the local host and on the platform's own, where it is found
#   make recordings CLONE=../azure-cli-extensions   cut the recorded ARM traffic, which tests replay,
#                 out of a clone of the repository that publishes it
#   make chaos    real processes, killed while 50 restores are under way; SEED=n, CHAOS=--help;
#                 HOST=real: on the platform's own host
#   make load     2,000 messages at once, 1,000 slow jobs, ticks above 100,000 finished restores
#   make incident 1,000 disks by one message, how close to what ARM lets anybody do; and beside it
#                 the vendor's own client; an hour: INCIDENT="--only all" is ten minutes
#   make fuzz     hostile input for FUZZ_MINUTES=15; SEED=n replays one round
#   make soak     an hour of simulated worlds in which everything fails; SEEDS=n runs so many
#                 worlds instead, FIRST=n begins with another seed than 0, SEED=n shows one
#   make clean    remove what set-up made

PYTHON ?= python3
VENV ?= .venv
# What `make send` puts on the queue of requests.
export FILE ?=
# What restorectl is asked, such as DO="ls --open".
DO ?=
# Where `make host` answers HTTP, if not on 7071.
PORT ?=
# EVENTS=1: the demo shows an event whole.
EVENTS ?=
# BOARD=1: the demo opens the board, which stays until Ctrl-C.
BOARD ?=
# Where test-board draws the pictures of the docs anew, such as PICTURES=docs.
export PICTURES ?=
# How much faster than the recorded Azure the demo runs; PACE=1 is as slow as life.
PACE ?=
# A clone of the repository that tests/recordings.toml names.
export CLONE ?=
# What the doctor and the smoke test are asked; without it, the stack that runs.
DOCTOR ?=
SMOKE ?=
# Options for pytest, such as TESTS="tests/lifecycle -x".
TESTS ?=
# Options for chaos, such as CHAOS="--restores 10 --kills 6 --speed 30".
CHAOS ?=
# Options for the incident, such as INCIDENT="--only all --disks 300".
INCIDENT ?=
FUZZ_MINUTES ?= 15
# A seed that a failed fuzz, chaos or soak run printed.
SEED ?=
# How many simulated worlds soak runs instead of an hour of them.
SEEDS ?=
# The first seed of its worlds: those that were run before find nothing new.
FIRST ?=
# Modules that generate documents and schemas; each takes --check.
GENERATED ?= tools.diagram tools.schemas tools.restorectl_page tools.cost tools.lock tools.notices

# CPU-seconds of `make test`. What needs more belongs into test-long.
MOST_CPU := 480
COVERAGE := --cov --cov-report=term-missing:skip-covered

PY := $(VENV)/bin/python
READY := $(VENV)/.ready
CHECKOV := .venv-checkov/.ready
AZURE_CLI := .venv-azure-cli/.ready
DELIVERY := .venv-delivery/.ready
APP := .venv-app/.ready
BROWSER := $(VENV)/.browser
KUSTO := tests/infra/kusto/node_modules/.package-lock.json
AZURITE := local/node_modules/.package-lock.json
WORKER := .venv-host/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Many processes are started: each would compile the same modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo stack host send results ctl board doctor smoke test test-board test-long test-platform test-host test-infra test-docs test-delivery lock package sbom audit recordings chaos load incident fuzz soak check clean

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

demo: $(AZURITE)
	@$(PY) -m local.demo $(if $(PACE),--pace $(PACE)) $(if $(EVENTS),--events) $(if $(BOARD),--board)

stack: $(AZURITE)
	@$(PY) -m local.stack $(if $(PACE),--pace $(PACE))

host: $(READY)
	@$(PY) -m local.stack host $(if $(PORT),--port $(PORT))

send: $(READY)
	@$(PY) -m local.stack send -- "$$FILE"

ctl: $(READY)
	@$(PY) -m local.stack ctl $(DO)

board: $(READY)
	@$(PY) -m local.stack ctl board

results: $(READY)
	@$(PY) -m local.stack results

doctor: $(READY)
	@$(PY) -m local.doctor $(DOCTOR)

smoke: $(READY)
	@$(PY) -m local.smoke $(SMOKE)

# Some tests alone prove nothing about coverage, so it is measured where TESTS names none.
test: $(AZURITE)
	$(PY) -m tools.cpu_budget --most $(MOST_CPU) \
		$(PY) -m pytest -n auto --maxprocesses 4 $(if $(TESTS),,$(COVERAGE)) $(TESTS)

# In Debian's Chromium, or what CHROMIUM names. PICTURES=docs draws the pictures of the docs anew.
test-board: $(READY) $(BROWSER)
	$(PY) -m tools.cpu_budget $(PY) -m pytest -m browser tests/board $(TESTS)

# Without -n: each of these uses all cores by itself.
test-long: $(AZURITE)
	$(PY) -m tools.cpu_budget $(PY) -m pytest -m long $(TESTS)

test-platform: $(AZURITE)
	$(PY) -m pytest tests/platform $(TESTS)

# The same cases on the platform's own host and on the local one, and the app on the platform's.
test-host: $(AZURITE) $(WORKER)
	REAL_HOST=1 $(PY) -m pytest tests/host $(TESTS)

test-infra: $(READY) $(CHECKOV) $(KUSTO)
	$(PY) -m pytest -m "not browser" $(or $(TESTS),tests/infra)

# The Azure CLI is 730 MB, so only this sets it up.
test-docs: $(READY) $(AZURE_CLI) $(KUSTO)
	$(PY) -m pytest $(or $(TESTS),tests/pages)

test-delivery: $(READY) $(DELIVERY)
	$(PY) -m pytest $(or $(TESTS),tests/delivery)

lock: $(READY) $(DELIVERY)
	@PATH="$(CURDIR)/.venv-delivery/bin:$$PATH" \
		$(PY) -m tools.lock $(if $(CHECK),--compare) $(if $(UPGRADE),--upgrade)

package: $(READY)
	@$(PY) -m tools.package

# Of an environment that holds what is locked and nothing else.
sbom: $(READY) $(APP) $(DELIVERY)
	@PATH="$(CURDIR)/.venv-delivery/bin:$$PATH" $(PY) -m tools.sbom .venv-app/bin/python dist/sbom.cdx.json

audit: $(DELIVERY)
	.venv-delivery/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.txt

recordings: $(READY)
	@$(if $(CLONE),,$(error CLONE=... is missing: a clone of the repository in tests/recordings.toml))\
	$(PY) -m tools.recordings -- "$$CLONE"

chaos: $(AZURITE) $(if $(filter real,$(HOST)),$(WORKER))
	@$(PY) -m local.chaos $(if $(HOST),--host $(HOST)) $(if $(SEED),--seed $(SEED)) $(CHAOS)

load: $(AZURITE)
	$(PY) -m benchmarks.ticks
	$(PY) -m benchmarks.jobs
	$(PY) -m benchmarks.messages

incident: $(AZURITE)
	@$(PY) -m benchmarks.incident $(INCIDENT)

fuzz: $(READY)
	@$(PY) -m tests.hostile.fuzz --minutes $(FUZZ_MINUTES) $(if $(SEED),--seed $(SEED))

soak: $(READY)
	@$(PY) -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FIRST),--first $(FIRST))

check: $(READY)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo
	@$(foreach module,$(GENERATED),$(PY) -m $(module) --check &&) true
	@$(PY) -m tools.lines restore_core

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@$(PYTHON) -m local.set_up packages $(VENV)

$(WORKER): requirements.txt pyproject.toml | $(READY)
	@echo "Setting up .venv-host: the Python of the platform's worker (once; half a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 13) and "The worker runs on Python 3.12 at most: make PYTHON=...")'
	@$(PYTHON) -m venv .venv-host
	@.venv-host/bin/python -m pip install --quiet --quiet --upgrade 'pip>=25.1'
	@.venv-host/bin/python -m pip install --quiet --quiet --requirement requirements.txt
	@.venv-host/bin/python -m pip install --quiet --quiet --group worker
	@touch $@

$(BROWSER): pyproject.toml | $(READY)
	@$(PY) -m local.set_up browser $(VENV)

$(KUSTO): tests/infra/kusto/package.json tests/infra/kusto/package-lock.json | $(READY)
	@$(PY) -m local.set_up kusto

$(CHECKOV): pyproject.toml | $(READY)
	@$(PY) -m local.set_up checkov .venv-checkov

$(AZURE_CLI): pyproject.toml | $(READY)
	@$(PY) -m local.set_up azure-cli .venv-azure-cli

$(DELIVERY): pyproject.toml | $(READY)
	@$(PY) -m local.set_up delivery .venv-delivery

$(APP): requirements.txt
	@$(PYTHON) -m venv .venv-app
	@.venv-app/bin/python -m pip install --quiet --quiet --requirement requirements.txt
	@.venv-app/bin/python -m pip uninstall --quiet --quiet --yes setuptools pip
	@touch $@

$(AZURITE): local/package.json local/package-lock.json | $(READY)
	@$(PY) -m local.set_up azurite

clean:
	rm -rf .venv .venv-3.13 .venv-host .venv-checkov .venv-azure-cli .venv-delivery .venv-app $(VENV) dist local/node_modules tests/infra/kusto/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .coverage
