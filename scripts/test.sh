#!/usr/bin/env bash
# All tests, in two helpings. Arguments go to `go test` (for example -run TestStory -v). Called by make test, which gives
# it PostgreSQL (MUSTER_TEST_POSTGRES); without that the PostgreSQL tests would skip, so it is required here.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${MUSTER_TEST_POSTGRES:?is not set: run make test, or ./scripts/postgres.sh run ./scripts/test.sh}"
export MUSTER_TEST_REQUIRED=1 # what a test needs and does not find is a failure here
limit=9m
[ -z "${MUSTER_TEST_LONG:-}" ] || limit=90m

# Test output, one line per package and the whole of each failure, then the count: "DONE 412 tests in 31s".
gotestsum=$(go tool -modfile=tools/go.mod -n gotestsum)
gotest() { "$gotestsum" --format pkgname --format-hide-empty-pkg -- "$@"; }

slow=$(go list ./... | grep -e '/e2e\(/\|$\)' -e '/internal/doctest$' -e '/bench$' -e '/internal/sim$' || true)
quick=$(go list ./... | grep -v -e '/e2e\(/\|$\)' -e '/internal/doctest$' -e '/bench$' -e '/internal/sim$')

# The race detector needs cgo, the product does not. SQLite and its libc are C translated to Go: watching them costs a
# factor of eight and finds nothing of ours, so they are left out.
failed=0
echo "test: packages, with the race detector"
# shellcheck disable=SC2086 # one argument per package
CGO_ENABLED=1 gotest -race -gcflags='modernc.org/sqlite/lib=-race=false' -gcflags='modernc.org/libc=-race=false' \
  -timeout "$limit" "$@" $quick || failed=1

# These start the real binary, a browser, and other people's servers, one package at a time. The simulator is here because the
# race detector would leave it no time: hours pass in its bubbles. Never from the cache:
# what they test is built outside of what `go test` watches.
if [ -n "$slow" ]; then
  echo "test: the figures in short, the binary, the browser, real counterparts, the docs"
  # shellcheck disable=SC2086
  gotest -p 1 -count=1 -timeout "$limit" "$@" $slow || failed=1
fi
exit "$failed"
