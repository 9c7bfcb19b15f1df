# PYTHON=python3.12 chooses the interpreter; later runs stay with it.
PYTHON ?= $(firstword $(wildcard .venv/bin/python) python3)
version := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

bin := .venv/bin
venv := .venv/.python-$(version)
pip := $(bin)/python -m pip install -qq

# One thing at a time, also under -j: pytest spreads over the cores by itself.
.NOTPARALLEL:

.PHONY: help
help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | while IFS='|' read -r target text; do \
	  printf 'make %-9s %s\n' "$$target" "$$text"; done

.PHONY: install
install: .venv/.installed ## make .venv and put session-cli in it
	@echo "session-cli is $(CURDIR)/$(bin)/session-cli"

.PHONY: demo
demo: install ## the import, with a built-in cluster and ConfigHub
	@test/atk/map-import --demo

.PHONY: test
test: tools lint ## install what the tests need, check the style, run every test
	$(bin)/python -m pytest -n auto --dist loadgroup

.PHONY: lint
lint: .venv/.tested ## check style, types and shell scripts
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	find .ci test -path test/atk/demo -prune -o -type f \( -name '*.sh' -o -name '*.bash' -o -name '*.bats' \
	  -o -path 'test/atk/*' ! -name '*.*' -o -path .ci/run \) \
	  -exec $(bin)/shellcheck -x {} +

.PHONY: smoke
smoke: install ## play one short session in a scratch folder
	@PATH="$(CURDIR)/$(bin):$$PATH" bash test/smoke.sh

.PHONY: bench
bench: install ## measure the calls beside those of the spec's draft
	@bash test/bench/list.bash
	@$(bin)/python test/bench/bench.py

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf .venv build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: tools
tools:
	@bash test/tools.sh

# The name holds the version, so that another PYTHON makes another .venv.
$(venv):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { echo \
	  "Python 3.10 or later is needed, and '$(PYTHON)' is $(or $(version),not there)." \
	  "Try: make PYTHON=python3.12 install" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo \
	  "'$(PYTHON)' cannot make a virtual environment. On Debian: apt install python3-venv" >&2; \
	  exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(pip) --upgrade pip
	@touch $@

.venv/.installed: $(venv) setup.cfg setup.py
	$(pip) --editable '.[import]'
	@touch $@

.venv/.tested: $(venv) setup.cfg setup.py
	$(pip) --editable '.[import,test]'
	@touch .venv/.installed $@
