# b2bua.  `make help` says what there is.  A second run of anything is quick: what has been set up
# leaves a mark in var/make.  `make PYTHON=/path/to/python3.11` picks another Python.

PYTHON ?= python3
export PYTHON
VENV := .venv
BIN := $(VENV)/bin
MARKS := var/make
PYTEST := $(BIN)/pytest -p no:cacheprovider
# What waits for sockets and children runs two or three abreast, whatever the machine.
SHORT := not sipp and not interop and not slow
CSRC := $(wildcard b2bua/media/csrc/*.c b2bua/media/csrc/*.h)

say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

.DEFAULT_GOAL := help
.NOTPARALLEL:

.PHONY: help
help: ## say what there is
	@echo "make TARGET, where TARGET is one of"
	@grep -hE '^[a-z-]+:.* ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.* ## /\1\t/' | \
	  while IFS="$$(printf '\t')" read -r name text; do printf '  %-14s %s\n' "$$name" "$$text"; done

# ---------------------------------------------------------------- Set up

.PHONY: venv
venv: $(MARKS)/installed ## set up .venv: b2bua with its C module, and every tool

$(MARKS)/debian-%: scripts/debian-packages
	@mkdir -p $(@D)
	@scripts/debian-packages $*
	@touch $@

$(MARKS)/installed: $(MARKS)/debian-build scripts/make-venv setup.py pyproject.toml $(CSRC)
	$(call say,Setting up $(VENV))
	@scripts/make-venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --no-input -e '.[test,lint]'
	$(BIN)/python -m b2bua.app.plugins --warm >/dev/null
	@touch $@

$(MARKS)/attackers: $(MARKS)/installed
	$(BIN)/python -m pip install --disable-pip-version-check --no-input -e '.[interop]'
	@touch $@

.PHONY: speech
speech: # speech engines are worth a warning, not a failure
	@scripts/debian-packages speech || echo "Going on without: <Say> will be silent."

settings.toml:
	cp settings.example.toml $@

.PHONY: certs
certs: certs/dev/server.pem ## make a throwaway CA and a server certificate in certs/dev

certs/dev/server.pem: certs/make-dev-certs.sh
	certs/make-dev-certs.sh

# ---------------------------------------------------------------- Run

.PHONY: run
run: venv speech settings.toml ## run the daemon in the foreground, with settings.toml
	$(BIN)/twistd -n b2bua --settings settings.toml

.PHONY: demo
demo: venv speech $(MARKS)/debian-phones ## place one real call that forks to three phones, and draw it
	$(call say,One call, from INVITE to the last callback)
	@$(BIN)/python -m demo

# ---------------------------------------------------------------- Test

.PHONY: test
test: lint c-test unit sipp peers ## run every test; `.ci/run` calls this
	$(call say,Everything passed)

.PHONY: lint
lint: venv ## check form, types and layers
	$(call say,ruff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(call say,mypy --strict)
	$(BIN)/mypy
	$(call say,import-linter)
	$(BIN)/lint-imports

.PHONY: c-test
c-test: $(MARKS)/debian-build $(MARKS)/debian-test ## run the C tests under the sanitizers
	$(call say,C: AddressSanitizer and UndefinedBehaviorSanitizer)
	$(MAKE) --no-print-directory -C tests/c test
	$(call say,C: ThreadSanitizer)
	$(MAKE) --no-print-directory -C tests/c tsan

.PHONY: unit
unit: venv speech $(MARKS)/debian-test ## run the unit and flow tests
	$(call say,Unit and flow tests)
	$(PYTEST) -n auto --dist worksteal -m "not real and $(SHORT)" --durations=5
	$(call say,Real sockets and threads and child processes)
	$(PYTEST) -n 2 --dist worksteal -m "real and $(SHORT)" --durations=5

.PHONY: sipp
sipp: venv speech $(MARKS)/debian-test ## run the SIPp scenarios against a daemon
	$(call say,SIPp scenarios)
	$(PYTEST) -n 3 --dist worksteal -m "sipp and not slow" -v tests/sipp tests/demo

.PHONY: peers
peers: venv speech $(MARKS)/debian-test ## call with baresip, ping with sipsak: half a minute
	$(call say,Other people's programs)
	$(PYTEST) -m "interop and not slow" -v tests/interop

.PHONY: interop
interop: speech $(MARKS)/debian-interop $(MARKS)/attackers ## the same at length, with Kamailio and SIPVicious too
	$(call say,Other people's programs: the long form)
	$(PYTEST) -m interop -v tests/interop

.PHONY: coverage
coverage: venv $(MARKS)/debian-test ## measure what the unit and flow tests reach
	$(BIN)/coverage run -m pytest -p no:cacheprovider -m "$(SHORT)"
	$(BIN)/coverage report --skip-covered

# ---------------------------------------------------------------- Soak and bench

.PHONY: soak
soak: soak-load soak-forks soak-callbacks soak-fuzz soak-c ## run the long forms of the load, fault and fuzz tests

.PHONY: soak-load
soak-load: venv speech $(MARKS)/debian-test ## a minute each: 50 calls/s through static, 20 through RCML, 25 with 5 % loss
	$(call say,Load, long form)
	$(PYTEST) -m "sipp and slow" -v -s tests/sipp

FORKS := tests/flows/test_many_forks.py tests/app/test_forks.py

.PHONY: soak-forks
soak-forks: venv ## 10,000 ten-way forks answered within 5 ms on a virtual clock, 500 on sockets
	$(call say,Forks, long form)
	$(PYTEST) -m slow -v -s $(FORKS)

.PHONY: soak-callbacks
soak-callbacks: venv ## 100,000 callbacks, 100 kills, half of all requests failing, an hour without receiver
	$(call say,Callbacks, long form)
	$(PYTEST) -m slow -v -s tests/store

.PHONY: soak-fuzz
soak-fuzz: venv ## fuzz the readers; 10,000 documents, 2,220 injections, 100 hosts that hang or bomb
	$(call say,Fuzz, long form)
	$(PYTEST) -m "slow and not sipp and not interop" -v --ignore=tests/store $(FORKS:%=--ignore=%)

.PHONY: soak-c
soak-c: $(MARKS)/debian-build $(MARKS)/debian-test ## fuzz the packet code for five minutes
	$(call say,Fuzz of the packet code)
	$(MAKE) --no-print-directory -C tests/c fuzz SECONDS=300

# Sippy brings a program that is called b2bua too, so the others have an environment of their own.
var/peers/bin/b2bua_simple:
	"$(PYTHON)" -m venv var/peers
	var/peers/bin/python -m pip install --disable-pip-version-check --no-input sippy rtp_io

.PHONY: rivals
rivals: $(MARKS)/debian-phones # what is missing is a word in the table, not a failure
	@scripts/debian-packages bench || echo "Going on without."
	@$(MAKE) --no-print-directory var/peers/bin/b2bua_simple || echo "Going on without."

.PHONY: bench
bench: venv rivals ## measure ours beside others, 25 minutes (QUICK=1: 2); writes bench/RESULTS.md
	$(call say,Benchmarks)
	QUICK=$(QUICK) $(BIN)/python -m bench

# ---------------------------------------------------------------- Care

.PHONY: format
format: venv ## write Python and C in the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	if command -v clang-format >/dev/null; then clang-format -i b2bua/media/csrc/*.[ch] tests/c/*.[ch]; fi

.PHONY: clean
clean: ## remove what make made, but settings.toml
	rm -rf $(VENV) $(MARKS) build dist *.egg-info b2bua/media/*.so tests/c/build
