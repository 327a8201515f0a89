#!/usr/bin/env bash
# Makes every generated file anew: templ first (packages must compile), then the go:generate lines, which call
# `go tool esbuild` for the web assets. All of it is pinned in go.mod; nothing is downloaded by the generators.
set -euo pipefail
cd "$(dirname "$0")/.."
go tool templ generate -log-level error
go generate ./...
