# One command each, with python3 (3.11 or later, with venv) and make alone:
#   make demo     watch a network train; pictures go to demo/
#   make test     run the tests, on the compiled engine and on the plain one
#   make quick    the tests that say most, on the engine that is installed: under a minute
#   make coverage what make test does, and how much of the package the tests run: at least 97 %
#   make lint     format and style (ruff), types (mypy)
#   make format   let ruff rewrite what `make lint` complains of
#   make peers    compare with PyTorch, JAX, autograd, CasADi and scikit-learn (a large download)
#   make packages build sdist and wheels, install them in clean environments, with and without a compiler
#   make browser  open the pages that we make in the machine's Chromium (Playwright)
#   make docs     build the site in build/docs: every notebook executed, warnings as errors
#   make docs-serve  show it on this machine, at http://127.0.0.1:8000/; PORT=8001 takes another port
#   make site     the live page, its engine and the docs beside, as static files: build/site
#   make all      all of this that checks something: an hour, or two
#   make matrix   run the tests on every Python from 3.11 to 3.14 found here, newest and oldest NumPy
#   make bench    measure against peers: benchmarks/results.md (needs what `make peers` needs)
#   make clean    remove what the others made

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
PEERS := .venv-peers

# Only what this Makefile installs is used, whatever environment it is called from.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_REQUIRE_VIRTUALENV := 1
PIP_INSTALL := -m pip install --quiet

# What is compiled; the same files run as they are where there is no compiler.
ENGINE := $(wildcard setup.py micrograd/compiled.py micrograd/*.pxd micrograd/*/*.pxd micrograd/*.h) \
	$(shell $(PYTHON) -c 'import runpy; print(*(name.replace(".", "/") + ".py" for name in runpy.run_path("micrograd/compiled.py")["COMPILED"]))')
ORIGINAL := build/micrograd-0.1.0
AXE := build/axe-core-4.14.1/package
PYODIDE_TRIED := build/pyodide-314.0.7/package

# What says most in the least time: every op, the engine, the transforms, the texts, and the rules of the house.
QUICK := tests/test_ops.py tests/test_engine.py tests/test_transforms.py tests/seeds tests/nn tests/test_check.py \
	tests/test_modes.py tests/test_borders.py tests/test_bad_input.py tests/test_plain.py tests/test_imports.py \
	tests/test_rooms.py
# What runs otherwise on the compiled engine, in rooms that stay Python.
TWO_WAYS := tests/test_plain.py tests/test_sources.py tests/test_installed.py tests/test_collector.py

# What measures both engines in one run, or asks neither: once is enough.
ONCE := --deselect tests/test_benchmarks.py::test_row --deselect tests/test_sources.py::test_both_engines_show_the_same \
	--deselect tests/test_gallery.py::test_the_script_writes_the_same_bytes_twice --ignore tests/typing

# Rooms that are Python on both engines, and only call it: `make test` tries them on the compiled one, and
# `make coverage` on both.
CALLERS := tests/cli tests/exporting tests/grading tests/playing tests/sandboxed tests/sklearn tests/train \
	tests/see/test_wrong_engines.py tests/test_examples.py tests/test_gallery.py tests/test_imports.py \
	tests/test_rooms.py tests/test_tutorials.py

# -W: a warning fails the build, after all of them have been shown.
SPHINX = $(VENV)/bin/python -m sphinx --builder html --quiet --fail-on-warning --keep-going --jobs auto --doctree-dir build/doctrees

HUNDRED_STEPS := tests/cli/test_demo.py::test_the_hundred_losses_of_text_001

.PHONY: all demo test quick coverage lint format peers packages browser docs docs-serve site matrix bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	$(VENV)/bin/micrograd demo

test: $(VENV)/tools
	$(VENV)/bin/python -c 'import micrograd; print(micrograd.about())'
	$(VENV)/bin/python -m pytest -q -n 2
	MICROGRAD_PURE=1 $(VENV)/bin/python -c 'import micrograd; print(micrograd.about())'
	MICROGRAD_PURE=1 $(VENV)/bin/python -m pytest -q -n 2 $(ONCE) $(addprefix --ignore ,$(CALLERS))

quick: $(VENV)/tools
	$(VENV)/bin/python -m pytest -q -n 2 $(QUICK)

# The plain engine is Python throughout, so it is measured; of the compiled one, what it does in another way.
# Measuring takes as long again as the tests themselves, so the compiled run goes without, and so do the
# programs of the texts: a hundred steps of training, number by number, ten times slower when measured.
coverage: $(VENV)/tools
	rm -f .coverage .coverage.*
	$(VENV)/bin/python -m pytest -q -n 2
	$(VENV)/bin/python -m coverage run -m pytest -q $(TWO_WAYS)
	MICROGRAD_PURE=1 $(VENV)/bin/python -m pytest -q -n 2 tests/seeds $(HUNDRED_STEPS)
	MICROGRAD_PURE=1 $(VENV)/bin/python -m coverage run -m pytest -q -n 2 $(ONCE) --ignore tests/seeds \
		--deselect $(HUNDRED_STEPS)
	$(VENV)/bin/python -m coverage combine --quiet
	$(VENV)/bin/python -m coverage report

lint: $(VENV)/tools
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy --strict micrograd

format: $(VENV)/tools
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

peers: $(PEERS)/installed
	$(PEERS)/bin/python -m pytest -q -n 2 -m peer

packages: $(VENV)/tools
	$(VENV)/bin/python -m pytest -q -n 2 -m install

browser: $(VENV)/browser $(AXE) $(PYODIDE_TRIED)
	MICROGRAD_AXE=$(AXE)/axe.min.js MICROGRAD_PYODIDE=$(PYODIDE_TRIED) $(VENV)/bin/python -m pytest -q -m browser tests/browser

# npm's packages that the tests of pages use: what looks for barriers, and Python for the browser. Where npm is not, or
# reaches nothing, these tests are skipped.
build/%/package:
	@mkdir -p build/$*
	@cd build/$* && { npm pack --silent --fetch-retries 1 $$(echo $* | sed 's/-\([^-]*\)$$/@\1/') && tar -xzf $*.tgz; } \
		|| echo "npm does not bring $*, so it is not tried."

docs: $(VENV)/docs
	rm -rf build/docs build/doctrees
	$(SPHINX) docs build/docs
	$(VENV)/bin/python -m pytest -q -m docs tests/docs_site tests/browser/test_site.py

docs-serve:
	@test -f build/docs/index.html || { echo "There is no build/docs yet: run make docs first."; exit 1; }
	@echo "The site is at http://127.0.0.1:$(PORT)/ until Ctrl-C."
	@$(PYTHON) -m http.server --bind 127.0.0.1 --directory build/docs $(PORT) > /dev/null

# PYODIDE=pyodide-314.0.7.tgz takes a file that is here; otherwise npm fetches it.
site: docs
	$(VENV)/bin/python docs/make_site.py $(if $(PYODIDE),--pyodide $(PYODIDE))

all: lint coverage packages browser docs peers matrix bench

matrix:
	.ci/matrix

bench: $(PEERS)/installed $(ORIGINAL)/installed
	$(PEERS)/bin/python -m benchmarks

# Beside the environment, not in it: it has our import name.
$(ORIGINAL)/installed: $(PEERS)/installed
	@$(PEERS)/bin/python $(PIP_INSTALL) --no-deps --target $(ORIGINAL) micrograd==0.1.0
	@touch $@

clean:
	rm -rf $(VENV) $(PEERS) .venv-matrix .coverage .coverage.* demo build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f micrograd/*.so micrograd/*.c micrograd/ops/*.so micrograd/ops/*.c
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(1): the environment's folder. A half-made environment is made again from nothing.
define environment
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("micrograd needs Python 3.11 or later, but $(PYTHON) is %d.%d; name another: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@echo "Setting up $(1) (once; needs the network)"
	@$(PYTHON) -m venv --clear $(1)
endef

$(VENV)/installed: pyproject.toml $(ENGINE)
	$(call environment,$(VENV))
	@$(VENV)/bin/python $(PIP_INSTALL) --editable '.[all]'
	@touch $@

# The demo does not wait for the tools.
$(VENV)/tools: $(VENV)/installed
	@$(VENV)/bin/python $(PIP_INSTALL) --editable '.[all,dev]'
	@touch $@

$(VENV)/browser: $(VENV)/tools
	@$(VENV)/bin/python $(PIP_INSTALL) --editable '.[all,dev,browser]'
	@touch $@

$(VENV)/docs: $(VENV)/tools
	@$(VENV)/bin/python $(PIP_INSTALL) --editable '.[all,dev,browser,docs]'
	@touch $@

# torch exactly: a range, or the name alone, brings gigabytes of GPU libraries.
$(PEERS)/installed: pyproject.toml $(ENGINE)
	$(call environment,$(PEERS))
	@$(PEERS)/bin/python $(PIP_INSTALL) torch==2.13.0 expecttest jax autograd casadi scikit-learn pandas xarray --editable '.[all,dev]'
	@touch $@
