#!/usr/bin/env bash
# Says whether the tree is what it claims to be: generated files current, Go files formatted, go.mod complete, go vet
# content. Generated files are compared before and after, so uncommitted work is no obstacle; what was stale has been
# made anew when this fails, and only needs to be committed.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
say() { echo "verify: $*" >&2; failed=1; }

# Sums of every file that git knows or would add: whatever generating changes is by definition a generated file.
sums() { git ls-files -z --cached --others --exclude-standard | sort -zu | xargs -0 sha256sum 2>/dev/null || true; }
before=$(sums)
./scripts/generate.sh
if stale=$(diff <(echo "$before") <(sums) | sed -n 's/^[<>] [0-9a-f]*  //p' | sort -u) && [ -n "$stale" ]; then
  say "generated files were not current; they are now, commit them:"
  echo "$stale" >&2
fi

unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' ':!:*_templ.go' | xargs -0 gofmt -l)
if [ -n "$unformatted" ]; then
  say "not formatted, run make fmt:"
  echo "$unformatted" >&2
fi

# Building (with -mod=readonly, the default of go) already fails when go.mod lacks something; this proves the sums.
# No `go mod tidy -diff`: go.mod also pins libraries for what is planned, resolved together once, and tidy would drop them.
go mod verify >/dev/null || say "go mod verify: a module in the cache is not what go.sum says"
go vet ./... || say "go vet found something"

[ "$failed" = 0 ] && echo "verify: generated files, format, modules and vet are in order"
exit "$failed"
