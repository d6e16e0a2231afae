# shellcheck shell=bash disable=SC2154 # $dir and $keep are the caller's
# A pgbouncer in front of the PostgreSQL server of $dir, on a port of its own, with the same user and password. It hands
# sessions out by the transaction. Comes and goes with the server. Sourced by scripts/engines.

pgbouncer_alive() { daemon_pid pgbouncer >/dev/null; }

pgbouncer_answers() {
    local port
    port=$(cat "$dir/pgbouncer/port" 2>/dev/null) && pgbouncer_alive &&
        "$(postgres_programs)/pg_isready" -q -t 2 -U acode -d acode -h 127.0.0.1 -p "$port"
}

pgbouncer_url() {
    printf 'postgresql://acode:%s@127.0.0.1:%s/acode\n' \
        "$(cat "$dir/postgres/password")" "$(cat "$dir/pgbouncer/port")"
}

# Whoever takes the port between its choice and the start makes the start fail, and the next one is tried.
pgbouncer_start() {
    local tries deadline
    if pgbouncer_answers; then return 0; fi
    for ((tries = 0; tries < 5; tries++)); do
        daemon_stop pgbouncer 5
        pgbouncer_configure
        daemon_start pgbouncer prlimit --nofile=8192:8192 setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=-all \
            pgbouncer -q "$dir/pgbouncer/pgbouncer.ini"
        deadline=$((SECONDS + 10))
        while pgbouncer_alive && [ "$SECONDS" -lt "$deadline" ]; do
            if pgbouncer_answers; then return 0; fi
            sleep 0.05
        done
        rm -f "$dir/pgbouncer/port"
    done
    fail_with_log pgbouncer "pgbouncer does not answer"
}

# A temporary file would be open to others for a moment; this one is made for its owner first.
pgbouncer_configure() {
    local place=$dir/pgbouncer
    mkdir -p "$place"
    [ -f "$place/port" ] || free_port >"$place/port"
    install -o postgres -m 0600 /dev/null "$place/users"
    printf '"acode" "%s"\n' "$(cat "$dir/postgres/password")" >"$place/users"
    cat >"$place/pgbouncer.ini" <<CONF
[databases]
* = host=127.0.0.1 port=$(cat "$dir/postgres/port")
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $(cat "$place/port")
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $place/users
admin_users = acode
pool_mode = transaction
max_client_conn = 2000
default_pool_size = 20
server_idle_timeout = 5
server_login_retry = 1
server_tls_sslmode = prefer
CONF
}

pgbouncer_stop() {
    daemon_stop pgbouncer 5
    if [ "$keep" = no ]; then rm -rf --one-file-system "$dir/pgbouncer"; fi
}
