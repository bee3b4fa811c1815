# Two commands on a fresh clone: `make repro` and `make test`. Both make the environment first.
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# torch takes 11 s to import without its compiled bytecode, 4 s with it
unexport PYTHONDONTWRITEBYTECODE

.PHONY: repro test lint lock env pictures
repro: env
	dvc repro
	@python -m pipeline.summary --report report/index.html --gaps results/gap.json

test: env lint
	pytest -rs

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
	python -m pipeline.pictures --data data --results results/detector/synthetic --out docs/pictures/examples.png
