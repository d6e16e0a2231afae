# shellcheck shell=bash disable=SC2154 # $dir, $owner, $keep, $octet and the bridge names are the caller's
# `podman system service` with storage, locks and network files of its own, in $dir/podman, $dir/p (short, because
# conmon's sockets live there) and $dir/r (Podman refuses a runroot above 50 bytes, and only when a container ends).
# Sourced by scripts/engines.

podman_alive() { daemon_pid podman >/dev/null; }

podman_start() {
    if podman_alive && answers "$dir/podman.sock"; then return 0; fi
    network_create
    podman_configure
    podman_settings
    if ! podman_alive; then
        say "starting podman in $dir"
        rm -f "$dir/podman.sock"
        # The canary: a client that passes a bare variable name on would carry it into a container.
        local own_ids=()
        # Podman looks for the ids of this name.
        if [ "${ACODE_ENGINES_USERNS:-false}" = true ]; then subordinate_ids containers "$dir/podman/subid"; fi
        daemon_start podman "${own_ids[@]}" env ACODE_ENGINE_CANARY=must-not-leak "${podman_variables[@]}" \
            podman system service --time=0 "unix://$dir/podman.sock"
    fi
    wait_ready podman answers "$dir/podman.sock"
    chown "$owner" "$dir/podman.sock"
}

# Without these Podman would work on the machine's own storage.
podman_settings() {
    podman_variables=(
        "CONTAINERS_CONF=$dir/podman/containers.conf"
        "CONTAINERS_STORAGE_CONF=$dir/podman/storage.conf"
        "CONTAINERS_REGISTRIES_CONF=$dir/podman/registries.conf"
    )
}

podman_cli() {
    podman_settings
    (cd "$dir/run" && exec env "${podman_variables[@]}" timeout -k 5 60 podman "$@" 9>&-)
}

# Podman starts every container with limits of 1048576 unless told otherwise, which fails below such a hard limit.
podman_limit() {
    local hard
    hard=$(ulimit -H "$1")
    if [ "$hard" = unlimited ] || [ "$hard" -gt "$2" ]; then hard=$2; fi
    printf '%s:%s' "$hard" "$hard"
}

podman_configure() {
    local users=''
    if [ "${ACODE_ENGINES_USERNS:-false}" = true ]; then users='userns = "auto"'; fi
    mkdir -p "$dir/podman/networks" "$dir/podman/events" "$dir/p"
    # No static_dir: the clean-up that conmon starts looks for it below graphroot whatever this file says, and without it
    # the end of a container goes unseen for 20 s.
    # runc and cgroupfs: crun refuses machines with hybrid cgroups, and systemd may be absent. File locks: those in
    # /dev/shm are shared with every other Podman of the machine.
    cat >"$dir/podman/containers.conf" <<TOML
[containers]
default_ulimits = ["nofile=$(podman_limit -n 20000)", "nproc=$(podman_limit -u 30000)"]
http_proxy = false
$users
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
lock_type = "file"
events_logger = "file"
events_logfile_path = "$dir/podman/events/events.log"
tmp_dir = "$dir/p"
[engine.runtimes]
runc = ["$(command -v runc)"]
[network]
network_backend = "netavark"
network_config_dir = "$dir/podman/networks"
default_subnet = "10.$octet.128.0/24"
default_subnet_pools = [{"base" = "10.$octet.192.0/18", "size" = 24}]
TOML
    cat >"$dir/podman/storage.conf" <<TOML
[storage]
driver = "overlay"
graphroot = "$dir/podman/storage"
runroot = "$dir/r"
TOML
    # Docker takes loopback registries without TLS by itself; the same here, for any port.
    cat >"$dir/podman/registries.conf" <<TOML
unqualified-search-registries = ["docker.io"]
[[registry]]
location = "127.0.0.1"
insecure = true
TOML
    cat >"$dir/podman/networks/podman.json" <<JSON
{
  "name": "podman",
  "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b1a1bb9",
  "driver": "bridge",
  "network_interface": "$podman_bridge",
  "created": "2020-01-01T00:00:00Z",
  "subnets": [{"subnet": "10.$octet.128.0/24", "gateway": "10.$octet.128.1"}],
  "ipv6_enabled": false,
  "internal": false,
  "dns_enabled": false,
  "ipam_options": {"driver": "host-local"}
}
JSON
}

podman_restart() {
    daemon_stop podman 40
    podman_start
}

podman_halt() { daemon_stop podman 40; }

podman_kill() {
    daemon_signal podman KILL
    daemon_stop podman 5
}

podman_pause() { daemon_signal podman STOP; }
podman_resume() { daemon_signal podman CONT; }

podman_stop() {
    [ -d "$dir/podman" ] || return 0
    local pid
    if pid=$(daemon_pid podman); then
        say "stopping podman and its containers in $dir"
        kill -CONT "$pid"
    fi
    podman_cli rm --all --force --volumes --time 0 >/dev/null || say "podman could not remove its containers, killing them"
    podman_cli network prune --force >/dev/null || true
    daemon_stop podman 20
    local place
    for place in podman p r; do
        kill_leftovers "$dir/$place"
        unmount_below "$dir/$place"
    done
    rm -f "$dir/podman.sock"
    if [ "$keep" = no ]; then rm -rf --one-file-system "$dir/podman" "$dir/p" "$dir/r"; fi
}
