#!/usr/bin/env bash
# A PostgreSQL cluster of the tests' own: nobody's data, a free port on 127.0.0.1, gone afterwards.
#   scripts/postgres.sh run [--both] COMMAND…   start, run COMMAND with the DSN in its environment, stop (always)
#   scripts/postgres.sh start [--durable]       start one for a longer while (or find it running); print its DSN
#   scripts/postgres.sh dsn   [--durable]       print the DSN of the one that start made
#   scripts/postgres.sh stop                    stop and delete what start made
# The DSN goes to MUSTER_TEST_POSTGRES. It is a superuser's, so that a test makes a database of its own and drops it.
# --durable keeps fsync on, for tests that crash the server; with "run --both" its DSN is MUSTER_TEST_POSTGRES_DURABLE.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
state=$root/.cache/postgres # one folder per cluster: dir (where the data is), dsn, owner (the process that runs it)

bin() {
  local dir
  dir=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1) || true
  if [ -z "$dir" ] && command -v initdb >/dev/null; then dir=$(dirname "$(command -v initdb)"); fi
  [ -n "$dir" ] || { echo "postgres: no PostgreSQL server is installed; scripts/deps.sh installs it" >&2; exit 1; }
  echo "$dir"
}

# as_server runs its arguments as the user that may run PostgreSQL: postgres when this is root, else this user.
as_server() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- env HOME=/ "$@")
  else
    (cd / && "$@")
  fi
}

free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)) # below the range that the kernel hands out for connections
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  echo "postgres: found no free port" >&2
  exit 1
}

# begin NAME MODE OWNER starts a cluster, notes it under $state/NAME and prints its DSN.
begin() {
  local name=$1 mode=$2 owner=$3 dir pgbin port password settings
  pgbin=$(bin)
  dir=$(mktemp -d "${TMPDIR:-/tmp}/muster-postgres.XXXXXX")
  mkdir -p "$state/$name"
  echo "$dir" >"$state/$name/dir"
  echo "$owner" >"$state/$name/owner"
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && printf '%s\n' "$password" >"$dir/password")
  if [ "$(id -u)" = 0 ]; then chown -R postgres: "$dir"; fi
  as_server "$pgbin/initdb" -D "$dir/data" --username=muster --pwfile="$dir/password" --auth=password \
    --encoding=UTF8 --locale=C --no-sync >"$dir.log" 2>&1 || { cat "$dir.log" >&2; end "$name"; exit 1; }
  settings="listen_addresses=127.0.0.1 unix_socket_directories= max_connections=200 jit=off
    shared_buffers=64MB dynamic_shared_memory_type=mmap max_parallel_workers_per_gather=0"
  [ "$mode" = durable ] || settings="$settings fsync=off full_page_writes=off"
  for attempt in 1 2 3; do
    port=$(free_port)
    # shellcheck disable=SC2086 # each word of the settings is an option of its own
    if as_server "$pgbin/pg_ctl" start -s -w -t 30 -D "$dir/data" -l "$dir/server.log" \
      -o "-p $port $(printf ' -c %s' $settings)" >>"$dir.log" 2>&1 </dev/null; then
      echo "postgres://muster:$password@127.0.0.1:$port/postgres?sslmode=disable" >"$state/$name/dsn"
      cat "$state/$name/dsn"
      return
    fi
    [ "$attempt" = 3 ] || continue
    echo "postgres: the server did not start:" >&2
    cat "$dir.log" "$dir/server.log" >&2 || true
    end "$name"
    exit 1
  done
}

# end NAME stops that cluster and deletes its data; nothing happens when there is none.
end() {
  local dir
  [ -f "$state/$1/dir" ] || return 0
  dir=$(cat "$state/$1/dir")
  case $dir in */muster-postgres.??????) ;; *) echo "postgres: $dir is no cluster of ours; left alone" >&2; return 1 ;; esac
  if [ -d "$dir/data" ]; then as_server "$(bin)/pg_ctl" stop -s -m immediate -D "$dir/data" >/dev/null 2>&1 || true; fi
  rm -rf "$dir" "$dir.log" "${state:?}/$1"
}

running() { [ -f "$state/$1/dsn" ] && as_server "$(bin)/pg_ctl" status -D "$(cat "$state/$1/dir")/data" >/dev/null 2>&1; }

# sweep ends the clusters of runs whose process is gone (killed before it could clean up).
sweep() {
  local each
  for each in "$state"/run-*; do
    [ -f "$each/owner" ] || continue
    kill -0 "$(cat "$each/owner")" 2>/dev/null || end "$(basename "$each")"
  done
}

verb=${1:-}
[ $# = 0 ] || shift
mode=fast
if [ "${1:-}" = --durable ]; then mode=durable; shift; fi
case $verb in
start)
  if running "$mode"; then cat "$state/$mode/dsn"; else end "$mode" && begin "$mode" "$mode" 0; fi
  ;;
dsn)
  running "$mode" || { echo "postgres: not running; scripts/postgres.sh start starts it (the same flag, if any)" >&2; exit 1; }
  cat "$state/$mode/dsn"
  ;;
stop)
  end fast
  end durable
  ;;
run)
  modes=(fast)
  if [ "${1:-}" = --both ]; then modes=(fast durable); shift; fi
  [ $# -gt 0 ] || { echo "postgres: run needs a command" >&2; exit 2; }
  sweep
  child=
  cleanup() {
    trap - EXIT INT TERM HUP
    for mode in "${modes[@]}"; do end "run-$$-$mode"; done
  }
  # On a signal the command goes first (it still needs its database), then the clusters.
  interrupted() {
    if [ -n "$child" ]; then kill -TERM "$child" 2>/dev/null && wait "$child" || true; fi
    exit 130
  }
  trap cleanup EXIT
  trap interrupted INT TERM HUP
  for mode in "${modes[@]}"; do
    dsn=$(begin "run-$$-$mode" "$mode" $$)
    if [ "$mode" = durable ]; then export MUSTER_TEST_POSTGRES_DURABLE=$dsn; else export MUSTER_TEST_POSTGRES=$dsn; fi
  done
  "$@" &
  child=$!
  status=0
  wait "$child" || status=$?
  exit "$status"
  ;;
*)
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac
