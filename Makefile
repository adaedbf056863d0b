# make start | test | test-slow | demo | bench | bench-trainer | soak | simulate. Everything installs into .venv; TORCH_INDEX chooses PyTorch's wheels,
# for example TORCH_INDEX=https://download.pytorch.org/whl/cpu on a machine without a GPU.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH_INDEX ?=

.PHONY: start test test-slow demo bench bench-trainer soak simulate lint install install-test tools

start: install
	$(BIN)/org start --config config.yaml

demo: install
	$(BIN)/python scripts/demo.py

test: install-test
	$(BIN)/python -m pytest -n 3 --dist loadfile

test-slow: install-test
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow

bench: install-test
	$(BIN)/python -m benchmarks

bench-trainer: install-test # AGAINST=train.py another trainer beside ours; DEVICE=cuda on a GPU
	$(BIN)/python -m benchmarks.trainer --device $(or $(DEVICE),cpu) $(if $(AGAINST),--against $(AGAINST))

soak: install
	$(BIN)/python scripts/soak.py

simulate: install
	$(BIN)/python -m simulate

lint: install-test
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

install: tools $(VENV)/.installed

install-test: install $(VENV)/.installed-test

tools:
	@command -v git >/dev/null || { echo "git is missing: install it (Debian, Ubuntu: apt install git; macOS: brew install git)"; exit 1; }
	@command -v tmux >/dev/null || { echo "tmux is missing: install it (Debian, Ubuntu: apt install tmux; macOS: brew install tmux)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "torch>=2.6,<2.14"
	$(BIN)/python -m pip install --quiet --editable ".[trainer]"
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[trainer,test]"
	touch $@
