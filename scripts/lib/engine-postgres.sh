# shellcheck shell=bash disable=SC2154 # $dir, $owner and $keep are the caller's
# A PostgreSQL server in $dir/postgres: a data directory, a Unix socket and a port on loopback of its own. It asks
# everybody for a password that is made at the first start and that only the caller can read. It flushes nothing to the disk, as its data needn't outlive the
# machine; a server that is killed loses nothing by that. Sourced by scripts/engines.

# The newest server there is; Debian keeps them out of PATH.
postgres_programs() {
    find /usr/lib/postgresql -maxdepth 3 -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname
}

postgres_alive() { daemon_pid postgres >/dev/null; }

postgres_answers() {
    local port
    port=$(cat "$dir/postgres/port" 2>/dev/null) &&
        "$(postgres_programs)/pg_isready" -q -t 2 -U acode -d acode -h "$dir/postgres/run" -p "$port"
}

postgres_url() {
    printf 'postgresql://acode:%s@127.0.0.1:%s/acode\n' "$(cat "$dir/postgres/password")" "$(cat "$dir/postgres/port")"
}

# The server refuses to run as root.
postgres_as_owner() { setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=-all "$@"; }

# A port is chosen that nobody listens on; whoever takes it between that and the server's start makes the start fail,
# and the next port is tried.
postgres_start() {
    postgres_start_server
    pgbouncer_start
}

postgres_start_server() {
    local tries
    if postgres_alive && postgres_answers; then return 0; fi
    postgres_configure
    for ((tries = 0; tries < 5; tries++)); do
        [ -f "$dir/postgres/port" ] || free_port >"$dir/postgres/port"
        if ! postgres_alive; then
            daemon_start postgres setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=-all \
                "$(postgres_programs)/postgres" -D "$dir/postgres/data" -p "$(cat "$dir/postgres/port")"
        fi
        if postgres_wait; then return 0; fi
        daemon_stop postgres 10
        rm -f "$dir/postgres/port"
    done
    fail_with_log postgres "PostgreSQL does not answer"
}

postgres_wait() {
    local deadline=$((SECONDS + 30))
    until postgres_answers; do
        postgres_alive || return 1
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

postgres_configure() {
    local place=$dir/postgres
    [ ! -f "$place/ready" ] || return 0
    say "making a PostgreSQL database in $dir"
    rm -rf --one-file-system "$place"
    mkdir -p "$place"
    # The server's for as long as its data is made: not even what is handed to it as its input could it open otherwise.
    install -o postgres -m 0600 /dev/null "$place/password"
    head -c 18 /dev/urandom | base64 | tr '/+' '_-' >"$place/password"
    install -d -o postgres -g postgres -m 0700 "$place/data"
    install -d -o postgres -g postgres -m 0755 "$place/run"
    (cd "$place" && postgres_as_owner "$(postgres_programs)/initdb" -D "$place/data" -U acode --no-sync \
        --encoding=UTF8 --locale=C --auth=scram-sha-256 --pwfile="$place/password" \
        >>"$dir/log/postgres.log" 2>&1) || fail_with_log postgres "initdb failed"
    postgres_certificates "$place/tls" >>"$dir/log/postgres.log" 2>&1 ||
        fail_with_log postgres "the server's certificate could not be made"
    cat >>"$place/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$place/run'
max_connections = 600
shared_buffers = 64MB
fsync = off
full_page_writes = off
ssl = on
ssl_cert_file = '$place/tls/server.crt'
ssl_key_file = '$place/tls/server.key'
autovacuum_naptime = 5s
CONF
    printf 'CREATE DATABASE acode;\n' | postgres_as_owner "$(postgres_programs)/postgres" --single -D "$place/data" \
        postgres >>"$dir/log/postgres.log" 2>&1 || fail_with_log postgres "the database could not be made"
    chown "$owner" "$place/password"
    : >"$place/ready"
}

# A certificate for localhost from an authority of our own (ca.crt), and another authority (other-ca.crt) that has signed
# nothing. Clients that ask for no certificate use TLS all the same.
postgres_certificates() {
    local name new=(openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    mkdir -p "$1"
    for name in ca other-ca; do
        "${new[@]}" -x509 -days 3650 -subj "/CN=acode $name" -keyout "$1/$name.key" -out "$1/$name.crt" || return 1
    done
    "${new[@]}" -subj /CN=localhost -keyout "$1/server.key" -out "$1/server.csr" || return 1
    printf 'subjectAltName = DNS:localhost, IP:127.0.0.1\n' >"$1/names"
    openssl x509 -req -in "$1/server.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days 3650 \
        -extfile "$1/names" -out "$1/server.crt" || return 1
    chown postgres "$1/server.key"
    chmod 0600 "$1"/*.key
}

# SIGINT ends sessions; after SIGTERM the server would wait for its clients.
postgres_halt() {
    if postgres_alive; then daemon_signal postgres INT; fi
    daemon_stop postgres 20
}

postgres_restart() { postgres_halt; postgres_start_server; }

# The sessions notice the end of their parent and end too; the next start must find none of them. Its lock files
# go, because a dead server that nobody has waited for yet looks alive to the next one.
postgres_kill() {
    local pid child children deadline=$((SECONDS + 10))
    pid=$(daemon_pid postgres) || die "postgres is not running" "scripts/engines start postgres"
    mapfile -t children < <(pgrep --parent "$pid")
    daemon_signal postgres KILL
    daemon_stop postgres 5
    for child in "${children[@]}"; do
        while process_state "$child" | grep -qv Z && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.02; done
    done
    rm -f "$dir/postgres/data/postmaster.pid" "$dir"/postgres/run/.s.PGSQL.*.lock
}

postgres_pause() { postgres_signal_all STOP; }

postgres_resume() { postgres_signal_all CONT; }

postgres_signal_all() {
    local pid
    pid=$(daemon_pid postgres) || die "postgres is not running" "scripts/engines start postgres"
    # The parent first: one that is stopped makes no more sessions.
    kill "-$1" "$pid"
    pkill "-$1" --parent "$pid" || true
}

postgres_stop() {
    pgbouncer_stop
    if postgres_alive; then postgres_signal_all CONT; fi
    postgres_halt
    if [ "$keep" = no ]; then rm -rf --one-file-system "$dir/postgres"; fi
}
