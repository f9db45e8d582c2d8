# One target for each thing a person does. Needs Python 3.11 or later, git and make; the rest goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# A lock holds all that is needed. Without --no-deps a pip before 23.3 looks for an extra such as coverage[toml] among
# all releases, and the newest has no hash in the lock.
LOCKED := $(PIP) install --no-deps --require-hashes
# What Python has compiled is kept, also if the environment asks for the contrary: otherwise every worker of the tests
# compiles all modules again.
unexport PYTHONDONTWRITEBYTECODE
DEMO := cd .syncjob/demo && $(CURDIR)/$(BIN)/syncjob --no-pager

# Every behaviour of syncjob/sandbox/behaviours.py that is not the default is in one of these.
PLAYS := no_description=null-value,empty_text=refused,crlf=lf,unknown_tag=refused,updated_at=stays \
	no_description=404,ending=stripped,unicode=nfc,unknown_in_bulk=refused,code=ignored,ticks=seconds \
	no_description=null,size=400000
BEHAVIOUR := $(addprefix tests/,behaviour/test_end_to_end.py behaviour/test_git_end_to_end.py \
	commands/test_pull.py commands/test_rollback.py remote/test_write.py behaviour/test_laws.py \
	behaviour/test_nothing_lost.py remote/test_stray_404.py commands/test_rollback_effects.py \
	remote/test_write_ends.py remote/test_repeated_writes.py remote/test_lag.py remote/test_normalised.py \
	commands/test_forged_plans.py commands/test_gone_and_back.py \
	commands/test_acknowledge.py)

.PHONY: demo test test-deep lint format bench pictures schema lock clean

demo: $(VENV)/.run  ## diff, sync, and a sync that changes nothing, on the embedded stand-in
	@rm -rf .syncjob/demo && $(BIN)/python demo.py .syncjob/demo
	@echo '$$ syncjob diff' && $(DEMO) diff
	@echo && echo '$$ syncjob sync' && $(DEMO) sync --yes
	@echo && echo '$$ syncjob sync' && $(DEMO) sync --yes
	@echo && echo 'Continue in .syncjob/demo: edit and commit a file, then syncjob diff, sync, runs.' \
		&& echo '  export PATH="$(CURDIR)/$(BIN):$$PATH"; cd $(CURDIR)/.syncjob/demo'

test: $(VENV)/.dev  ## all tests but the deep suites, which mostly wait; COVERAGE=1 measures branch coverage too
	$(BIN)/python -m pytest -m "not deep" -n 4 -q $(if $(COVERAGE),--cov --cov-report=term --cov-fail-under=95)

test-deep: $(VENV)/.dev  ## the long suites, and the behaviour under each response that the API's documentation leaves open
	$(BIN)/python -m pytest -m deep -n 4 --maxschedchunk=1 -q -rs -o faulthandler_timeout=600
	@for play in $(PLAYS); do echo "playing $$play"; SYNCJOB_SANDBOX_PLAY="$$(echo $$play | tr , ' ')" \
		$(BIN)/python -m pytest -m "not deep" -n 4 -q -o faulthandler_timeout=600 $(BEHAVIOUR) || exit 1; done

lint: $(VENV)/.dev  ## format, rules, types, and the workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --no-progress --quiet --persona=pedantic --min-severity=medium .github action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev  ## writes docs/benchmarks.md and docs/charts/, in a quarter of an hour; FULL=1 measures everything
	$(BIN)/python -m bench --write $(if $(FULL),--size full)

pictures: $(VENV)/.dev  ## takes the README's pictures anew, in docs/pictures; needs a Chromium
	$(BIN)/python -m pictures docs/pictures

schema: $(VENV)/.run  ## writes docs/report.schema.json and docs/config.schema.json
	$(BIN)/python -c 'import json; from syncjob.report.json import schema; print(json.dumps(schema(), indent=2))' > docs/report.schema.json
	$(BIN)/python -c 'import json; from syncjob.config.schema import schema; print(json.dumps(schema(), indent=2))' > docs/config.schema.json

lock:  ## pins every dependency with its hashes; needs uv
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--group build --extra images pyproject.toml --output-file requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--group dev pyproject.toml --constraint requirements.txt --output-file requirements-dev.txt

clean:  ## removes what is made again when needed; keeps journals and what a probe found out
	rm -rf $(VENV) .hypothesis .mypy_cache .ruff_cache .coverage .syncjob/demo .syncjob/sandbox.sqlite3*

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "syncjob needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(LOCKED) --requirement requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(PIP) check
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(LOCKED) --requirement requirements-dev.txt
	$(PIP) check
	@touch $@
