# shellcheck shell=bash disable=SC2154 # $dir is the caller's
# Two image registries on loopback, in $dir/registry: `public`, and `private` with a password. Both begin empty and
# forget everything at `stop`. Sourced by scripts/engines.

registry_names=(public private)
registry_user=acode registry_password=acode-test-password

registry_port() { cat "$dir/registry/$1.port" 2>/dev/null; }

registry_answers() {
    local status
    status=$(curl -s -o /dev/null --max-time 2 -w '%{http_code}' "http://127.0.0.1:$(registry_port "$1")/v2/" || true)
    [ "$status" = 200 ] || [ "$status" = 401 ]
}

# A port is chosen that nobody listens on; whoever takes it between that and the registry's start makes the start fail, and the
# next port is tried.
registries_start() {
    local name tries
    for name in "${registry_names[@]}"; do
        for ((tries = 0; tries < 5; tries++)); do
            if daemon_pid "registry-$name" >/dev/null && registry_answers "$name"; then break; fi
            daemon_stop "registry-$name" 10
            registry_configure "$name"
            daemon_start "registry-$name" docker-registry serve "$dir/registry/$name.yml"
            registry_wait "$name" && break
        done
        registry_answers "$name" || fail_with_log "registry-$name" "the registry $name does not answer"
    done
}

registry_wait() {
    local deadline=$((SECONDS + 30))
    until registry_answers "$1"; do
        daemon_pid "registry-$1" >/dev/null || return 1
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

registry_configure() {
    local port
    mkdir -p "$dir/registry/$1"
    port=$(free_port)
    printf '%s\n' "$port" >"$dir/registry/$1.port"
    cat >"$dir/registry/$1.yml" <<YAML
version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: $dir/registry/$1
  delete:
    enabled: true
http:
  addr: 127.0.0.1:$port
  relativeurls: true
YAML
    if [ "$1" = private ]; then
        htpasswd -bnBC 4 "$registry_user" "$registry_password" >"$dir/registry/htpasswd"
        cat >>"$dir/registry/$1.yml" <<YAML
auth:
  htpasswd:
    realm: acode-test
    path: $dir/registry/htpasswd
YAML
    fi
}

# free_port: one that nobody listens on, outside the range that outgoing connections are given.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    done
    printf '%s\n' "$port"
}

registries_stop() {
    local name
    for name in "${registry_names[@]}"; do daemon_stop "registry-$name" 10; done
    kill_leftovers "$dir/registry"
    if [ "$keep" = no ]; then rm -rf --one-file-system "$dir/registry"; fi
}
