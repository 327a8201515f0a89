#!/usr/bin/env bash
# All tests. Arguments go to `go test` (for example -run TestStory -v); --lint first lints, too. Called by make test, which
# gives it PostgreSQL (MUSTER_TEST_POSTGRES); without that the PostgreSQL tests would skip, so it is required here.
#
# Two lanes run side by side, because one waits and the other works: the binary with its browser, crashes and counterparts
# mostly waits; the packages under the race detector keep both cores busy, and give way (nice) whenever the first lane
# wants to go on.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${MUSTER_TEST_POSTGRES:?is not set: run make test, or ./scripts/postgres.sh run ./scripts/test.sh}"
export MUSTER_TEST_REQUIRED=1 # what a test needs and does not find is a failure here
lint=
if [ "${1:-}" = --lint ]; then lint=1; shift; fi
limit=13m
[ -z "${MUSTER_TEST_LONG:-}" ] || limit=90m

# Test output, one line per package and the whole of each failure, then the count: "DONE 412 tests in 31s".
gotestsum=$(go tool -modfile=tools/go.mod -n gotestsum)
gotest() { "$gotestsum" --format pkgname --format-hide-empty-pkg -- -timeout "$limit" "$@"; }

# stage NAME COMMAND… says how long a stage took.
stage() {
  local name=$1 began=$SECONDS status=0
  shift
  "$@" || status=$?
  echo "test: $name took $((SECONDS - began)) s"
  return "$status"
}

all=$(go list ./...)
listed() { grep "$@" <<<"$all" || true; }
real=$(listed -e '/e2e\(/\|$\)' -e '/internal/doctest$')
busy=$(listed -e '/bench$' -e '/internal/sim$')
quick=$(listed -v -e '/e2e\(/\|$\)' -e '/internal/doctest$' -e '/bench$' -e '/internal/sim$')

# These start the real binary, a browser, and other people's servers, one package at a time. Never from the cache: what they
# test is built outside of what `go test` watches.
waiting() {
  # shellcheck disable=SC2086 # one argument per package
  [ -z "$real" ] || gotest -p 1 -count=1 "$@" $real
}

# The race detector needs cgo, the product does not. SQLite and its libc are C translated to Go: watching them costs a
# factor of eight and finds nothing of ours, so they are left out. `go vet` has been before (scripts/verify.sh).
race() {
  # shellcheck disable=SC2086
  CGO_ENABLED=1 gotest -race -vet=off -gcflags='modernc.org/sqlite/lib=-race=false' -gcflags='modernc.org/libc=-race=false' "$@" $quick
}

# The figures in short, and the simulator, for which the race detector would leave no time: hours pass in its bubbles.
figures() {
  # shellcheck disable=SC2086
  [ -z "$busy" ] || gotest -p 1 -count=1 "$@" $busy
}

log=$(mktemp "${TMPDIR:-/tmp}/muster-test.XXXXXX")
set -m # a process group of its own, so that it can be ended with all that it started
(stage "the binary, the browser, real counterparts, the docs" waiting "$@") >"$log" 2>&1 &
lane=$!
set +m
cleanup() {
  kill -TERM -- "-$lane" 2>/dev/null || true
  rm -f "$log"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

failed=0
renice -n 10 $$ >/dev/null
if [ -n "$lint" ]; then stage "lint" go tool -modfile=tools/go.mod golangci-lint run || failed=1; fi
echo "test: packages, with the race detector; beside it the binary, the browser, real counterparts, the docs"
stage "the race detector" race "$@" || failed=1
echo "test: the figures in short, and the simulator"
stage "figures and simulator" figures "$@" || failed=1
wait "$lane" || failed=1
echo "test: the binary, the browser, real counterparts, the docs"
cat "$log"
exit "$failed"
