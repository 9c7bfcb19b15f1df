# PYTHON=python3.12 chooses the interpreter; later runs stay with it. HUB_OPTIONS are those of `make hub`.
PYTHON ?= $(firstword $(wildcard .venv/bin/python) python3)
version := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

bin := .venv/bin
venv := .venv/.python-$(version)
pip := $(bin)/python -m pip install -qq --disable-pip-version-check
# the pip that every Python brings along, run as it is: to unpack it takes longer than to use it
pip_wheel := $(PYTHON) -c 'import ensurepip as e, glob, os, sysconfig; print(*sorted( \
  glob.glob(os.path.dirname(e.__file__) + "/_bundled/pip-*.whl") or \
  glob.glob(str(sysconfig.get_config_var("WHEEL_PKG_DIR")) + "/pip-*.whl"))[-1:])'
bundled_pip = PYTHONPATH="$$($(pip_wheel))" $(pip)

MEASURED := test/unit test/cli $(addprefix test/system/test_,$(addsuffix .py,binding check \
  confighub_verbs cub damage delete_meanwhile doctor kubectl odd_strings places retention_cli rights \
  worker_verbs))

# One thing at a time, also under -j: pytest spreads over the cores by itself.
.NOTPARALLEL:

.PHONY: help
help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r target text; do \
	  printf 'make %-9s %s\n' "$$target" "$$text"; done

.PHONY: install
install: .venv/.installed ## make .venv and put session-cli in it
	@echo "session-cli is $(CURDIR)/$(bin)/session-cli"

.PHONY: demo
demo: .venv/.demo ## the import, with a built-in cluster and ConfigHub
	@test/atk/map-import --demo || case $$? in 129 | 130 | 143) ;; *) exit $$? ;; esac

.PHONY: hub
hub: .venv/.hub ## start a hub on this machine, which keeps sessions for a team
	@exec $(bin)/session-hub serve $(HUB_OPTIONS)

.PHONY: test
test: .venv/.tested tools lint ## install what the tests need, check the style, run every test
	$(bin)/python -m pytest -n auto --dist loadgroup

.PHONY: lint
lint: .venv/.tested ## check style, types and shell scripts
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/python test/words.py
	find .ci test -path test/atk/demo -prune -o -type f \( -name '*.sh' -o -name '*.bash' -o -name '*.bats' \
	  -o -path 'test/atk/*' ! -name '*.*' -o -path .ci/run \) -print0 | \
	  xargs -0 -n 1 -P $$(getconf _NPROCESSORS_ONLN) $(bin)/shellcheck -x

.PHONY: smoke
smoke: install ## play one short session in a scratch folder
	@PATH="$(CURDIR)/$(bin):$$PATH" bash test/smoke.sh

.PHONY: bench
bench: .venv/.tested ## measure the calls beside the draft, the screens beside those in bash, syncing
	@$(bin)/python test/bench/bench.py
	@$(bin)/python test/bench/screens.py
	@$(bin)/python test/bench/sync.py

.PHONY: pictures
pictures: .venv/.tested ## draw every screen, light and dark: docs/pictures, build/pictures
	@$(bin)/python test/pictures

.PHONY: bench-hub
bench-hub: .venv/.hub ## measure a save beside a bare POST, the lists and the live feed
	@bash test/tools.sh wrk
	@$(bin)/python test/bench/hub.py

.PHONY: soak
soak: .venv/.tested ## leave at every step by every road; press 200 keys at the worst time (30 minutes)
	SOAK_ROADS=1 $(bin)/python -m pytest -n auto test/tui/test_roads.py
	$(bin)/python -m pytest -n auto --hypothesis-profile=soak $$(grep -rl '^@given' test)
	SOAK_ARROWS=200 $(bin)/python -m pytest -n 0 test/tui/test_keys.py -k about_a_second

# Not seen: the six verbs as session.sh runs them (python -S loads nothing that could measure), the
# tests of the programs and of bash, and those that count system calls, which measuring adds to. The
# console script takes the same way through the six verbs, and is seen.
.PHONY: coverage
coverage: .venv/.tested ## list the branches no test takes; not seen: python -S, programs, bash, strace
	@site=$$($(bin)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	trap 'rm -f "$$site/measured.pth"' EXIT; \
	printf 'import os; "COVERAGE_PROCESS_START" in os.environ and exec(open("%s").read(), {})\n' \
	  '$(CURDIR)/test/measured.py' >"$$site/measured.pth"; \
	rm -rf .coverage && mkdir .coverage; \
	COVERAGE_PROCESS_START='$(CURDIR)/setup.cfg' COVERAGE_FILE='$(CURDIR)/.coverage/data' \
	  $(bin)/python -m pytest -q -n auto --dist loadgroup $(MEASURED); \
	cd .coverage && COVERAGE_FILE=data ../$(bin)/coverage combine -q --rcfile=../setup.cfg; \
	cd .. && COVERAGE_FILE=.coverage/data $(bin)/coverage report --rcfile=setup.cfg

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf .venv build dist *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: tools
tools:
	@bash test/tools.sh

# The name holds the version, so that another PYTHON makes another .venv.
$(venv):
	@test -w . || { echo "$(CURDIR) is read-only for you, and .venv has to go there." \
	  "Copy the checkout to a place of your own and run make there:" \
	  "cp -R '$(CURDIR)' ~/session-cli && cd ~/session-cli" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { echo \
	  "Python 3.10 or later is needed, and '$(PYTHON)' is $(or $(version),not there)." \
	  "Try: make PYTHON=python3.12 install" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo \
	  "'$(PYTHON)' cannot make a virtual environment. On Debian: apt install python3-venv" >&2; \
	  exit 1; }
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv --clear --without-pip .venv
	@touch $@

# The demo runs on the source: it needs what that imports, and neither a pip of its own nor a build.
.venv/.demo: $(venv) setup.cfg
	@echo "fetching what session-cli imports, once: ten seconds or so, a minute on a slow line"
	@$(PYTHON) -c 'import configparser as c; s = c.ConfigParser(); s.read("setup.cfg"); \
	  print(s["options"]["install_requires"])' >.venv/requirements.txt
	@$(bundled_pip) --requirement .venv/requirements.txt
	@touch $@

# An older pip would write a console script that starts more slowly.
.venv/.pip: $(venv)
	@echo "fetching pip into .venv"
	@$(bundled_pip) --ignore-installed pip
	@touch $@

.venv/.installed: .venv/.pip setup.cfg setup.py
	@echo "installing session-cli and what it imports into .venv"
	@$(pip) --editable .
	@touch .venv/.demo $@

.venv/.hub: .venv/.pip setup.cfg setup.py
	@echo "installing session-hub and what it imports into .venv"
	@$(pip) --editable '.[hub]'
	@touch .venv/.demo .venv/.installed $@

.venv/.tested: .venv/.pip setup.cfg setup.py
	@echo "installing session-cli, session-hub and what their tests need into .venv"
	@$(pip) --editable '.[hub,test]'
	@touch .venv/.demo .venv/.hub .venv/.installed $@
