#!/usr/bin/env bash
# Runs each fuzz target for a while: scripts/fuzz.sh 30s [PATTERN]. An input that fails is kept by Go under
# testdata/fuzz of its package; commit it with the mend, then it is a test for ever.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
pattern=${2:-.}
failed=0
while IFS=: read -r file target; do
  echo "fuzz: $target in $(dirname "$file") for $time"
  go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$(dirname "$file")" || failed=1
done < <(git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -oE '^func Fuzz[A-Za-z0-9_]*' | sed 's/func //' | grep -E "$pattern" | sort -u)
exit "$failed"
