# Each target does its own set-up: a fresh machine needs Python 3.11 or newer, and nothing else.
PYTHON ?= python3
V := .venv/bin
# One process more than cores: many tests wait for other processes.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.PHONY: test demo bench certify contract dist check clean

# The environment; made anew when what it depends on changes.
.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(V)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(V)/pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@

test: .venv/ready
	$(V)/ruff check --quiet
	$(V)/ruff format --check --quiet
	$(V)/mypy
	$(V)/pytest --numprocesses $(WORKERS)

demo: .venv/ready
	@$(V)/python fixtures/clients/demo.py
	@echo
	@$(V)/nemovideo-conformance run --rate 60 --html .venv/conformance.html -- $(V)/python fixtures/clients/reference

bench: .venv/ready
	$(V)/python -m benchmarks

# What takes too long for every change: the reference client under 1,000 seeds of the strict profile; 10,000 legal histories, in
# which no rule may object; each flaw in every scenario of its rule; and the tests that take a sample, in full.
certify: .venv/ready
	$(V)/python tests/conformance/strict_seeds.py 1000
	$(V)/python -m tests.conformance.legal 10000
	$(V)/python tests/conformance/matrix.py --full
	CERTIFY=1 $(V)/pytest --numprocesses auto -k another tests/conformance/test_other_clients.py tests/mock_server/test_replay.py
	CERTIFY=1 $(V)/pytest -k do_not_meet tests/mock_server/test_worlds.py

# Both contracts under a second linter, which looks inside stream events too; it needs Node.
contract:
	npx --yes @redocly/cli lint openapi.yaml mock_server/control.yaml

# The sdist and the wheel, and the wheel tried in an empty environment.
dist: .venv/ready
	$(V)/python tests/packaging/dist.py

check: .venv/ready
	$(V)/ruff check --fix
	$(V)/ruff format
	$(V)/mypy

clean:
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
