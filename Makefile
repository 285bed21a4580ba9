# Two commands matter: `make demo` starts Keepline, `make test` proves it. `make help` lists the rest.

SHELL := /bin/sh
BIN := .venv/bin
JOBS ?= 2
KEEPLINE_DATA ?= $(CURDIR)/.data
export KEEPLINE_DATA
MESSAGES := $(wildcard src/keepline/portal/locale/*/LC_MESSAGES/*.po)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install demo test lint pytest chromium zbar osmo-hlr smsc bench bench-sweep bench-outbox bench-bridge bench-delivery bench-simulate year kills docs clean

help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

install: .venv/installed .venv/messages  ## prepare .venv, and nothing else

.venv/installed: uv.lock pyproject.toml tools/install
	@tools/install
	@touch $@

.venv/messages: .venv/installed $(MESSAGES)
	@if [ -n "$(MESSAGES)" ]; then \
		$(BIN)/pybabel -q compile --domain django --directory src/keepline/portal/locale; fi
	@touch $@

demo: install  ## start everything on this machine (ARGS=--fresh starts anew)
	@exec $(BIN)/keepline demo $(ARGS)

test: install chromium zbar osmo-hlr smsc lint pytest  ## install what tests need, check style and types, run all tests

lint: install  ## style, types, and the import law
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	KEEPLINE_MODE=test $(BIN)/mypy
	$(BIN)/lint-imports

pytest: install  ## all tests (ARGS="-k name" runs some)
	$(BIN)/pytest -n $(JOBS) --dist worksteal $(ARGS)

chromium:
	@tools/chromium

zbar:
	@tools/zbar

osmo-hlr:
	@tools/osmo-hlr

smsc:
	@tools/smsc

bench: install  ## measure; the last line is JSON (QUICK=1 takes less than a minute)
	@$(BIN)/python -m bench

bench-outbox: install smsc  ## measure reminders that are due at one moment, beside their sink (QUICK=1 as above)
	@$(BIN)/python -m bench.outbox

bench-bridge: install  ## measure what a bridge from ASGI would cost each request (QUICK=1 as above)
	@$(BIN)/python -m bench.bridge

bench-delivery: install osmo-hlr  ## measure what is delivered through a real osmo-hlr (QUICK=1 as above)
	@$(BIN)/python -m bench.delivery

bench-simulate: install  ## how long the future of a million lines takes
	@$(BIN)/python -m bench.simulate

year: install  ## let a year pass for 10,000 lines with failures and kills (ARGS=--seed 1)
	@$(BIN)/python -m bench.year $(ARGS)

kills: install  ## kill web and workers at every boundary of every step, at every provider
	KILLS=all $(BIN)/pytest -n $(JOBS) tests/crash tests/gateways/test_osmo_hlr_killed.py $(ARGS)

docs: install  ## write the pages of docs/ that are made from the code
	@$(BIN)/keepline docs

bench-sweep: install  ## measure the sweep beside other ways to do its work (QUICK=1 as above)
	@$(BIN)/python -m bench.sweep

clean:  ## remove what was built; data folders stay
	rm -rf .venv .tools build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
