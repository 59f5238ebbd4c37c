# Each target says what it does in the comment behind its name; "make" alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Without bytecode each of the many starts of Python compiles everything anew, and each process of pytest all tests.
unexport PYTHONDONTWRITEBYTECODE

# The programs of .venv, and Pulumi, wherever the set-up found or put it.
with_env := eval "$$(tools/setup --env)" &&
# More arguments for pytest: make unit ARGS='-k bridge -x', make acceptance ARGS=tests/acceptance/test_ssh.py
ARGS ?=
# Where pytest looks: in the paths among ARGS, and where there is none, in that target's own tests.
where = $(if $(filter tests/%,$(ARGS)),,$(1)) $(ARGS)
# Tests with a real libvirtd wait half of their time: for guests that boot, for packets, for what is to be silent.
workers = $$((3 * $$(nproc)))
side_by_side = --numprocesses=$(workers) --dist=loadscope
# What -k and -m pick may be in one half of the tests alone: pytest ends with 5 where it has selected nothing.
if_none_selected = { code=$$?; ((code == 5)) || exit $$code; }
# What make test runs of the tests with a real libvirtd; make test-campaigns runs the others.
quick = not campaign and not compiled and not second_form and not further
# What it runs of them on modular daemons as well; make test-campaigns runs there the others that are for any libvirt.
on_modular = each_libvirt and $(quick)
# What needs no more than another Python shows of it: make test runs these on the oldest one, and make test-campaigns all.
of_the_oldest = tests/unit/sdk tests/unit/spec tests/unit/test_dynamic.py tests/unit/test_resources.py
# What ARGS picks, with the Python of .venv alone where that is a path; of all tests, as of make test, no campaigns.
test_chosen = selected=; \
	$(if $(filter tests/%,$(ARGS)),,tools/unit-pythons -m 'not fuzz' $(ARGS) && selected=1 || $(if_none_selected);) \
	$(with_env) pytest $(side_by_side) --durations=10 $(if $(filter tests/%,$(ARGS)),,-m '$(quick)') \
	    $(call where,tests/acceptance tests/integration) && selected=1 || $(if_none_selected); \
	[[ $$selected ]] || exit 5

.PHONY: help setup setup-tests setup-firewalls setup-campaigns setup-release env check unit unit-pythons integration acceptance test test-units test-libvirt test-campaigns demo docs bench faults faults-modular test-long test-newer-libvirt test-hosts test-modular test-other-tools lint types style prose layers scripts audit format codegen sdk changelog release-artifacts release-checksums clean

help: ## list the targets
	@printf 'virtnet: libvirt virtual networks as Pulumi resources\n\n'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r target text; do printf '%-26s %s\n' "$$target" "$$text"; done

setup: ## install what is missing: packages, .venv, Pulumi, its languages (a second run changes nothing)
	@tools/setup

# A machine of developers gets no firewall before it runs the tests that want one.
setup-tests: ## the same, with what tests alone want: firewalls, which run in sandboxes only, and modular daemons in a tree
	@$(MAKE) setup-firewalls
	@tools/modular-tests --set-up

setup-firewalls: ## set up with the firewalls, and no tree of another release
	@VIRTNET_WITH=firewalls tools/setup

setup-campaigns: ## the same, with a browser for the tests of pages, and what programs in Java need
	@VIRTNET_WITH='firewalls browser java' tools/setup

setup-release: ## set up with what a release is built with, and no firewall
	@VIRTNET_WITH=java tools/setup

env: ## print the lines that give a shell this environment: eval "$(make -s env)"
	@tools/setup --env

demo: ## show the main job in a sandbox that leaves this machine as it is
	@VIRTNET_WITHOUT=languages tools/setup
	@$(with_env) virtnet sandbox -- tools/demo

docs: .venv ## build the documentation's site into build/site and check its links; ARGS=--outside follows those that lead out
	@tools/build-docs $(ARGS)

check: ## lint and unit tests, in less than a minute: what to run before each commit
	@$(MAKE) --jobs=$$(nproc) lint unit

unit: .venv ## run the unit tests but for the fuzz, property tests with few examples; needs neither root nor a sandbox
	@$(with_env) HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-few} pytest -m 'not fuzz' --numprocesses=auto --dist=worksteal $(call where,tests/unit)

unit-pythons: .venv ## run all unit tests on the newest supported Python that is there, and a bit less on the oldest
	@tools/unit-pythons $(ARGS)

integration: setup-firewalls ## run the tests with a real libvirtd; ARGS=tests/integration/test_restart.py runs these alone
	@$(with_env) pytest $(side_by_side) $(call where,tests/integration)

acceptance: setup ## run the tests with a real libvirtd and the real Pulumi engine; ARGS=tests/acceptance/test_ssh.py
	@$(with_env) pytest $(side_by_side) $(call where,tests/acceptance)

test: $(if $(ARGS),setup-firewalls,setup-tests) ## lint, then run the tests, those of units on two Pythons, those with libvirt on modular daemons as well; ARGS=tests/unit/sdk runs these
	@$(MAKE) lint
	@$(if $(ARGS),$(test_chosen))
	@$(if $(ARGS),,$(MAKE) test-units)
	@$(if $(ARGS),,$(MAKE) test-libvirt)

test-units: .venv ## the part of make test for units, on two Pythons
	@HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-few} tools/unit-pythons --newest -m 'not fuzz'
	@tools/unit-pythons --oldest -m 'not fuzz' $(of_the_oldest)

test-libvirt: .venv ## the part of make test for what needs a real libvirtd: on the machine's own, then on modular daemons
	@$(with_env) pytest $(side_by_side) --durations=10 -m '$(quick)' tests/acceptance tests/integration
	@tools/modular-tests -m '$(on_modular)'

test-campaigns: setup-campaigns ## run what make test leaves out: fuzz, more examples, programs in Go, Java and TypeScript, more of the native form, further rows, the oldest Python, the rest on modular daemons, short parts of faults, walks, soaks, the benchmark; ARGS='-k walk' picks some
	@selected=; \
	$(with_env) pytest -m 'fuzz or hypothesis' --numprocesses=auto --dist=worksteal $(call where,tests/unit) \
	    && selected=1 || $(if_none_selected); \
	$(if $(filter tests/%,$(ARGS)),,tools/unit-pythons --oldest -m 'not fuzz' $(ARGS) && selected=1 || $(if_none_selected);) \
	$(with_env) pytest $(side_by_side) --durations=10 -m 'not ($(quick))' \
	    $(call where,tests/acceptance tests/integration) && selected=1 || $(if_none_selected); \
	$(if $(filter tests/%,$(ARGS)),,tools/modular-tests -m 'not ($(on_modular))' $(ARGS) && selected=1 || $(if_none_selected);) \
	[[ $$selected ]] || exit 5

bench: setup ## measure virtnet beside its floors and OpenTofu, in a sandbox; ARGS='--full --publish' (an hour)
	@[[ '$(ARGS)' == *--no-peers* ]] || tools/peers
	@$(with_env) eval "$$(tools/peers --env)" && PYTHONPATH=. virtnet sandbox -- python -m bench $(ARGS)

faults: setup ## kill, cut, flush and fill at every step of every plan; writes docs/reliability.md; ARGS='--only adopt'
	@$(with_env) PYTHONPATH=. python -m tests.campaigns.faults $(ARGS)

faults-modular: setup ## the same of modular daemons, each killed, restarted and stopped, in the tree of test-modular (root)
	@tools/newer-libvirt --modular --run env PYTHONPATH=. python -m tests.campaigns.faults \
	    --document /dev/fd/3 $(ARGS) 3<>docs/reliability.md

test-long: setup ## all faults, a thousand random edits and a thousand walks compared with witnesses, 500 actions of a soak, fuzz at random, also on newer libvirt (root, hours)
	@$(MAKE) faults
	@$(with_env) for seed in 1 2 3 4 5; do \
	    PYTHONPATH=. virtnet sandbox -- python -m tests.campaigns.random_edits --seed $$seed --edits 200; \
	done
	@$(with_env) printf '%s\n' 1 251 | \
	    PYTHONPATH=. xargs -P 2 -I SEED virtnet sandbox -- python -m tests.campaigns.walk --seed SEED --walks 250
	@$(with_env) HYPOTHESIS_PROFILE=thorough pytest tests/unit --numprocesses=auto --timeout=7200
	@$(with_env) PYTHONPATH=. virtnet sandbox -- \
	    python -m tests.campaigns.generated_networks --networks 5000 --starts 200 --seed $$RANDOM
	@$(with_env) PYTHONPATH=. virtnet sandbox -- python -m tests.campaigns.hostile_networks --starts 0
	@$(with_env) PYTHONPATH=. virtnet sandbox -- python -m tests.campaigns.soak --seed 1 --actions 500 --engine 20
	@printf '%s\n' 501 751 | xargs -P 2 -I SEED tools/newer-libvirt --run env PYTHONPATH=. \
	    virtnet sandbox -- python -m tests.campaigns.walk --seed SEED --walks 250
	@tools/newer-libvirt --run env PYTHONPATH=. virtnet sandbox -- \
	    python -m tests.campaigns.generated_networks --networks 5000 --starts 200 --seed $$RANDOM
	@tools/newer-libvirt --run env PYTHONPATH=. virtnet sandbox -- \
	    python -m tests.campaigns.generated_networks --networks 500 --starts 200 --seed $$RANDOM --backend nftables

test-newer-libvirt: setup ## run the integration and acceptance tests on the libvirt of Debian 13, in a tree of it kept in the cache (root)
	@tools/newer-libvirt $(ARGS)

test-hosts: setup-tests ## run the integration tests that say most on hosts from Debian 11 to 14 and write docs/hosts.md (root, an hour); ARGS='--only oldest'
	@$(with_env) PYTHONPATH=. python -m tests.campaigns.hosts $(ARGS)

test-modular: setup ## run the integration and acceptance tests on modular daemons that write nftables, built once into that tree (root)
	@tools/newer-libvirt --modular $(ARGS)

test-other-tools: setup ## take over what OpenTofu made, as docs/coming-from.md says; builds OpenTofu the first time (ten minutes)
	@tools/peers
	@$(with_env) eval "$$(tools/peers --env)" && pytest $(call where,tests/other_tools)

lint: .venv ## check style, formatting, types, prose, layers and shell scripts
	@$(MAKE) --jobs=$$(nproc) --output-sync=target types style prose layers scripts

types: .venv ## check types alone
	@$(with_env) mypy

style: .venv ## check style and formatting alone
	@$(with_env) ruff check .
	@$(with_env) ruff format --check .

prose: .venv ## check alone how documents and messages read, by docs/style.md
	@$(with_env) python -m tools.prose

layers: .venv ## check alone which package imports which
	@$(with_env) lint-imports --no-logo

scripts: .venv ## check shell scripts alone
	@$(with_env) shellcheck $$(grep -rIlE --exclude='*.py' '^#(!/.*[/ ]| shellcheck shell=)(ba)?sh$$' .ci tools tests provider)

audit: ## ask whether a locked package has a known vulnerability; ARGS='--service-url URL' asks another service than OSV
	@. tools/setup.d/find.sh && uv=$$(find_uv || fail 'there is no uv, which asks; run "make setup" first') && \
	    "$$uv" audit --frozen --preview-features audit-command $(ARGS)

format: .venv ## format the code and repair what ruff can repair
	@$(with_env) ruff check --fix .
	@$(with_env) ruff format .

codegen: .venv ## write anew what is made of the specs: SDKs, schema, reference; ARGS=--check compares
	@$(with_env) python -m tools.codegen $(ARGS)

sdk: codegen ## the same, by the name that tools/languages has for it

changelog: .venv ## move the fragments of changelog.d into CHANGELOG.md, for a release
	@$(with_env) towncrier build --yes --version "$$(python -c 'from importlib.metadata import version; print(version("pulumi-virtnet"))')"

release-artifacts: setup-release ## build into dist what a release publishes: wheel, plugin archive, npm and Maven packages, SBOMs, checksums
	@$(with_env) python -m tools.release $(ARGS)

# Needs nothing but Python: it runs where archives of several machines were brought together.
release-checksums: ## write dist/SHA256SUMS again, of all that is there
	@python3 -m tools.release --checksums

clean: ## remove .venv and what tools left in the repository; Pulumi stays in the cache
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find provider sdk tests examples tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# Only when it is not there: setup is the target that brings an old one up to date.
.venv:
	@tools/setup
