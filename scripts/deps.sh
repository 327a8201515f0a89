#!/usr/bin/env bash
# Brings in what the tests need and this machine lacks: Debian's packages, by name, and Azurite from npm, into .cache/npm.
# Quick and silent when nothing is missing. Without root, sudo or apt-get it names what is missing and fails.
#   scripts/deps.sh          install what is missing
#   scripts/deps.sh --check  only say what is missing (exit 1 when something is)
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"

missing=()
need() { # need PACKAGE TEST…: PACKAGE is missing when the test fails
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}
have() { command -v "$1"; }
postgres_server() { compgen -G '/usr/lib/postgresql/*/bin/initdb' || { have initdb && have pg_ctl; }; }
browser() { have chromium || have chromium-browser || have google-chrome; }

need git have git
need curl have curl
need ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
need gcc have gcc                       # the race detector links with it; nothing else needs cgo
need libc6-dev test -e /usr/include/stdlib.h
need util-linux have setpriv            # PostgreSQL does not run as root
need openssl have openssl               # the docs sign a Teams message with it
need postgresql postgres_server
need chromium browser
need prometheus-alertmanager have prometheus-alertmanager
need nodejs have node                   # runs Azurite, Microsoft's emulator of Azure Storage
need npm have npm

root=$(cd "$(dirname "$0")/.." && pwd)
azurite=3.35.0 # the newest that runs on Node 20; later ones need 22
have_azurite() { have azurite-table || test -x "$root/.cache/npm/node_modules/.bin/azurite-table"; }
install_azurite() {
  have_azurite >/dev/null 2>&1 && return
  echo "deps: installing azurite $azurite"
  mkdir -p "$root/.cache/npm"
  if ! (cd "$root/.cache/npm" && npm install --prefix . --ignore-scripts --no-audit --no-fund --loglevel=error "azurite@$azurite" >install.log 2>&1); then
    tail -n 20 "$root/.cache/npm/install.log" >&2
    echo "deps: npm failed to install azurite; by hand: npm install --global azurite@$azurite" >&2
    exit 1
  fi
}

if ! command -v go >/dev/null 2>&1; then
  echo "deps: Go is missing. Muster needs the version that go.mod names; install it from https://go.dev/dl/" >&2
  exit 1
fi
if [ "${1:-}" = --check ]; then
  have_azurite >/dev/null 2>&1 || missing+=("azurite (npm)")
  [ ${#missing[@]} -gt 0 ] || exit 0
  echo "deps: missing: ${missing[*]}" >&2
  exit 1
fi
if [ ${#missing[@]} -eq 0 ]; then
  install_azurite
  exit 0
fi
give_up() {
  echo "deps: the tests need these Debian packages, and $1: ${missing[*]}" >&2
  echo "deps: as root: apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
}
command -v apt-get >/dev/null 2>&1 || give_up "there is no apt-get here to install them"
if [ "$(id -u)" = 0 ]; then
  as_root=()
elif sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
else
  give_up "this user is neither root nor in sudo without a password"
fi

# PostgreSQL and Alertmanager would start as services on their packages' ports. The tests start their own,
# so services stay off while the packages unpack (a policy that is already there is left alone).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  "${as_root[@]}" chmod 755 "$policy"
fi
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0)

echo "deps: installing ${missing[*]}"
log=$(mktemp)
if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  rm -f "$log"
  give_up "apt-get failed to install them"
fi
rm -f "$log"
install_azurite
echo "deps: installed"
