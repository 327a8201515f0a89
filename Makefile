# Everything a contributor does. Needs Go and make; `make test` brings in the rest (scripts/deps.sh).
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

TOOL := go tool -modfile=tools/go.mod
# The product is built without cgo, so that is how it is checked; only the race detector needs it (scripts/test.sh).
export CGO_ENABLED := 0
# What dev keeps between starts; delete the folder for a fresh one.
DEMO_DATA ?= .cache/demo
FUZZTIME ?= 30s
SEEDS ?= 100
ARGS ?=

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## start the server (ARGS="--listen 127.0.0.1:8080" and the like)
	go run ./cmd/muster serve $(ARGS)

.PHONY: demo
demo: ## start the demo: a whole company, and the first alert
	go run ./cmd/muster demo $(ARGS)

.PHONY: dev
dev: ## the demo, built again and restarted at each change of a .go or .templ file
	go tool templ generate --watch --cmd="go run ./cmd/muster demo --data $(DEMO_DATA) $(ARGS)"

.PHONY: test
test: deps verify ## everything that must be green: deps, verify, lint, all tests with the race detector, e2e
	./scripts/postgres.sh run --both ./scripts/test.sh --lint $(ARGS)

.PHONY: test-long
test-long: deps ## the long way round: more seeds, more kills, then each fuzz target for FUZZTIME
	MUSTER_TEST_LONG=1 ./scripts/postgres.sh run --both ./scripts/test.sh $(ARGS)
	./scripts/fuzz.sh $(FUZZTIME)

.PHONY: sim
sim: ## stories from seeds in which everything goes wrong, about 1,100 escalations each, against what is promised (SEEDS=100; docs/reliability.md)
	MUSTER_SIM_SEEDS=$(SEEDS) go test ./internal/sim -run TestPromises -count=1 -v -timeout 24h $(ARGS)

.PHONY: lint
lint: ## golangci-lint with .golangci.yml (its first build takes three minutes)
	$(TOOL) golangci-lint run

.PHONY: fmt
fmt: ## format Go and templ files
	go tool templ fmt .
	$(TOOL) golangci-lint fmt

.PHONY: generate
generate: ## make the generated files anew: templ, then go:generate (esbuild)
	./scripts/generate.sh

.PHONY: verify
verify: ## generated files are current, everything is formatted, go vet is content
	./scripts/verify.sh

.PHONY: bench
bench: deps ## measure what the README quotes on both databases, and print the table (ARGS="-only a,b")
	./scripts/postgres.sh run --both go run ./bench $(ARGS)

.PHONY: bench-long
bench-long: ## the long form of three figures: a minute of pages, five of storm, a million alerts
	go run ./bench -long -only d,l,m $(ARGS)

.PHONY: golden
golden: ## write the golden files anew; read the diff before you commit it
	./scripts/postgres.sh run ./scripts/golden.sh

.PHONY: cover
cover: ## coverage by function in coverage.txt, by line in coverage.html
	./scripts/postgres.sh run go test -coverpkg=./... -coverprofile=coverage.out $$(go list ./... | grep -v -e '/e2e' -e '/doctest')
	go tool cover -func=coverage.out >coverage.txt
	go tool cover -html=coverage.out -o coverage.html
	@tail -n 1 coverage.txt

.PHONY: screens
screens: deps ## pictures of every screen, into docs/screens
	go test ./e2e -count=1 -run TestScreens -screens

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s)
	./scripts/fuzz.sh $(FUZZTIME)

.PHONY: deps
deps: # installs the Debian packages that tests need, when they are missing
	@./scripts/deps.sh
