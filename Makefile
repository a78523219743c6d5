# `make demo` shows it, `make test` proves it. Everything made here is in .venv, .venv-localstack, .venv-faults and .run.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet
# Workers of pytest; the tests of one file stay together, and the slow ones, by folder, come first.
WORKERS ?= 4
# More for pytest: make test ARGS='-k ecs_service -x'
ARGS ?=

.PHONY: help venv venv-dev venv-localstack venv-faults molecule demo demo-down test lint lint-ruff lint-mypy lint-yaml lint-ansible format bench bench-release bench-compose bench-drift clean

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

venv: $(VENV)/.demo ## Slipway and the embedded AWS, in .venv
venv-dev: $(VENV)/.dev ## The same with the linters and the tests' tools
venv-localstack: .venv-localstack/.done ## LocalStack Core, in .venv-localstack
venv-faults: .venv-faults/.done ## The fault layer's proxy, in .venv-faults

$(BIN)/python:
	@python=$$(tools/find-python) && echo "$(VENV): $$($$python -V)" && $$python -m venv $(VENV)

# A stamp is as old as the pins it was made of: the second time costs nothing.
$(VENV)/.demo: requirements-demo.txt requirements.txt | $(BIN)/python
	$(PIP) -r $<
	@touch $@

$(VENV)/.dev: requirements-dev.txt examples/fastapi/requirements.txt examples/homu/requirements.txt requirements-demo.txt requirements.txt | $(BIN)/python
	$(PIP) -r $<
	@touch $@ $(VENV)/.demo

.venv-localstack/.done: requirements-localstack.txt
	@python=$$(tools/find-python) && $$python -m venv --clear .venv-localstack
	PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-localstack/bin/python -m pip install --quiet -r $<
	@touch $@

.venv-faults/.done: requirements-faults.txt
	@python=$$(tools/find-python) && $$python -m venv --clear .venv-faults
	PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-faults/bin/python -m pip install --quiet -r $<
	@touch $@

.venv-molecule/.done: requirements-molecule.txt
	@python=$$(tools/find-python) && $$python -m venv --clear .venv-molecule
	PIP_DISABLE_PIP_VERSION_CHECK=1 .venv-molecule/bin/python -m pip install --quiet -r $<
	@touch $@

demo: $(VENV)/.demo ## A real deploy to an AWS on this machine (KEEP=1 leaves it up)
	@$(BIN)/python -m demo.run $(if $(filter-out 0,$(KEEP)),--keep)

demo-down: $(VENV)/.demo ## End what `make demo KEEP=1` left up
	@$(BIN)/python -m demo.embedded_aws down

test: lint venv-localstack venv-faults ## Linters, then every test; those without what they need say so
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: ## Formatting, types, YAML and Ansible
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target lint-ruff lint-mypy lint-yaml lint-ansible

lint-ruff lint-mypy lint-yaml lint-ansible: $(VENV)/.dev
lint-ruff:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
lint-mypy:
	$(BIN)/mypy .
lint-yaml:
	$(BIN)/yamllint --strict .
lint-ansible:
	ANSIBLE_INVENTORY=inventories/local PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/ansible-lint --offline

molecule: $(VENV)/.dev .venv-molecule/.done ## The roles' Molecule scenarios, on a machine of the lab
	for role in machine compose; do (cd roles/$$role && PATH="$(CURDIR)/$(BIN):$(CURDIR)/.venv-molecule/bin:$$PATH" molecule test $(ARGS)) || exit; done

format: $(VENV)/.dev ## Mend what the formatter and the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## The no-op of a stack: Slipway beside amazon.aws and terraform
	$(BIN)/python -m tests.bench $(ARGS)

bench-release: $(VENV)/.dev ## A release of changed code: Slipway beside a shell script of docker and aws commands
	$(BIN)/python -m tests.bench.release $(ARGS)

bench-compose: $(VENV)/.dev ## A release to a machine: Slipway beside docker compose up and the method of docker-rollout
	$(BIN)/python -m tests.bench.compose $(ARGS)

bench-drift: $(VENV)/.dev ## A drift check of 1, 10 and 100 services: Slipway beside amazon.aws and terraform plan
	$(BIN)/python -m tests.bench.drift $(ARGS)

clean: ## Remove all that was made here, the running embedded AWS first
	@if [ -e .run/embedded-aws.env ] && [ -x $(BIN)/python ]; then $(BIN)/python -m demo.embedded_aws down; fi
	rm -rf $(VENV) .venv-localstack .venv-faults .venv-molecule .run .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
