#!/usr/bin/env bash
# Stands for muster in the fixture: "demo" prints its line and waits for SIGTERM, everything else says its arguments.
if [ "$1" = demo ]; then
  trap 'exit 0' TERM
  echo '{"url":"http://127.0.0.1:1","admin_token":"t0k","intake_key":"k3y"}'
  while :; do read -r -t 0.05 <> <(:) || true; done
fi
echo "muster $*"
