# Two commands on a fresh clone: `make repro` and `make test`. Both make the environment first.
#   make repro PRESET=dice                                   presets/dice.yaml becomes params.yaml, which never loses edits
#   make repro PRESET=dice SET="benchmark.folder=my_photos"  with other values in it, before anything runs
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# torch takes 11 s to import without its compiled bytecode, 4 s with it
unexport PYTHONDONTWRITEBYTECODE

ifdef SET
ifndef PRESET
$(error SET goes with PRESET: without one, edit params.yaml)
endif
endif

.PHONY: repro test lint lock env pictures
repro: env
	$(if $(PRESET),python -m pipeline.preset "$(PRESET)" $(if $(SET),--set $(SET)))
	dvc repro
	@python -m pipeline.summary --report report/index.html --gaps results/gap.json

test: env lint
	pytest -rs -m 'not alone' --numprocesses 2 --dist loadscope
	pytest -rs -m alone

lint: env
	ruff check .
	ruff format --check .
	mypy

env: $(VENV)/.done
$(VENV)/.done: requirements.txt tools/env.sh
	sh tools/env.sh $(VENV) requirements.txt
	@touch $@

lock:
	sh tools/uv.sh pip compile requirements.in --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade -q -o requirements.txt

pictures: env  # the picture of the README, after `make repro`
	python -m pipeline.pictures --data data --results results/runs/detector/synthetic --out docs/pictures/examples.png
