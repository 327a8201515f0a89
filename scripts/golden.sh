#!/usr/bin/env bash
# Runs the tests of every package that has golden files with -update. Those are the packages whose tests define the
# flag themselves, or import the package that defines it; all others would refuse a flag they do not know.
set -euo pipefail
cd "$(dirname "$0")/.."
module=$(go list -m)
go_files() { git ls-files --cached --others --exclude-standard "$@"; }

definers=$(go_files '*.go' | xargs grep -lE 'flag\.Bool(Var)?\([^)]*"update"' || true)
packages=$(for file in $definers; do
  dir=$(dirname "$file")
  case $file in
  *_test.go) echo "./$dir" ;;
  *) go_files '*_test.go' | xargs grep -lF "\"$module/$dir\"" | xargs -r -n 1 dirname | sed 's|^|./|' ;;
  esac
done | sort -u)
[ -n "$packages" ] || { echo "golden: no test defines the -update flag" >&2; exit 1; }
# shellcheck disable=SC2086 # one argument per package
go test -count=1 $packages -update
git status --short -- '*testdata*' '*.golden'
