# shellcheck shell=bash disable=SC2154 # $dir, $owner, $keep, $octet and the bridge names are the caller's
# dockerd and a containerd of its own, in $dir/docker. Sourced by scripts/engines.

docker_alive() { daemon_pid dockerd >/dev/null; }

docker_start() {
    if docker_alive && answers "$dir/docker.sock"; then return 0; fi
    network_create
    docker_configure
    local own_ids=() own_network=()
    if [ "${ACODE_ENGINES_FIREWALL:-false}" = true ]; then docker_own_network; fi
    if [ "${ACODE_ENGINES_USERNS:-false}" = true ]; then subordinate_ids nobody "$dir/docker/subid"; fi
    # dockerd would otherwise join a containerd of the machine and share its containers' namespace.
    if ! daemon_pid containerd >/dev/null; then
        say "starting containerd and dockerd in $dir"
        rm -f "$dir/docker/containerd.sock"
        daemon_start containerd "${own_ids[@]}" containerd --config "$dir/docker/containerd.toml"
        wait_ready containerd test -S "$dir/docker/containerd.sock"
    fi
    if ! docker_alive; then
        rm -f "$dir/docker.sock" "$dir/docker/dockerd.pid"
        # Both see the same mounts, else containerd would not find the file systems of dockerd's containers.
        if [ "${#own_ids[@]}" -gt 0 ]; then own_ids=(nsenter "--mount=/proc/$(daemon_pid containerd)/ns/mnt"); fi
        daemon_start dockerd "${own_network[@]}" "${own_ids[@]}" dockerd --config-file "$dir/docker/daemon.json"
    fi
    wait_ready dockerd answers "$dir/docker.sock"
    chown "$owner" "$dir/docker.sock"
}

# docker_own_network: sets own_network to what runs dockerd in a network namespace of its own, where its rules of iptables are
# nobody else's. Its way to this machine is a pair of interfaces, one of them at the instance's bridge.
docker_own_network() {
    local place=$dir/docker/net link=acv-${docker_bridge#*-}
    if ! nsenter "--net=$place" true 2>/dev/null; then
        : >"$place"
        unshare "--net=$place" true
        nsenter "--net=$place" ip link add eth0 type veth peer name "$link" netns "$$"
        ip link set "$link" master "$docker_bridge" up
        nsenter "--net=$place" ip link set lo up
        nsenter "--net=$place" ip address add "10.$octet.0.2/24" dev eth0
        nsenter "--net=$place" ip link set eth0 up
        nsenter "--net=$place" ip route add default via "10.$octet.0.1"
    fi
    own_network=(nsenter "--net=$place")
}

docker_configure() {
    local remap='' network="\"iptables\": false, \"bridge\": \"$docker_bridge\""
    if [ "${ACODE_ENGINES_FIREWALL:-false}" = true ]; then network="\"iptables\": true, \"bip\": \"10.$octet.32.1/24\""; fi
    if [ "${ACODE_ENGINES_USERNS:-false}" = true ]; then remap="\"userns-remap\": \"nobody:$(id -gn nobody)\","; fi
    mkdir -p "$dir/docker"
    cat >"$dir/docker/containerd.toml" <<TOML
version = 2
root = "$dir/docker/containerd"
state = "$dir/docker/containerd-run"
oom_score = 0
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$dir/docker/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$dir/docker/opt"
TOML
    # oom-score-adjust: below zero needs CAP_SYS_RESOURCE. iptables: see engine-network.sh.
    cat >"$dir/docker/daemon.json" <<JSON
{
  "hosts": ["unix://$dir/docker.sock"],
  "group": "root",
  "containerd": "$dir/docker/containerd.sock",
  "data-root": "$dir/docker/data",
  "exec-root": "$dir/docker/exec",
  "pidfile": "$dir/docker/dockerd.pid",
  "exec-opts": ["native.cgroupdriver=cgroupfs"],
  "oom-score-adjust": 0,
  $remap
  "live-restore": ${ACODE_ENGINES_LIVE_RESTORE:-false},
  $network,
  "ip6tables": false,
  "default-address-pools": [{"base": "10.$octet.64.0/18", "size": 24}]
}
JSON
}

docker_restart() {
    daemon_stop dockerd 40
    docker_start
}

docker_halt() { daemon_stop dockerd 40; }

docker_kill() {
    daemon_signal dockerd KILL
    daemon_stop dockerd 5
}

docker_pause() { daemon_signal dockerd STOP; }
docker_resume() { daemon_signal dockerd CONT; }

docker_stop() {
    [ -d "$dir/docker" ] || return 0
    local id pid
    if pid=$(daemon_pid dockerd); then
        say "stopping dockerd and its containers in $dir"
        kill -CONT "$pid"
        if answers "$dir/docker.sock"; then
            while read -r id; do
                docker_call DELETE "/containers/$id?force=1&v=1" >/dev/null || true
            done < <(docker_call GET '/containers/json?all=1' | grep -o '"Id":"[0-9a-f]\{64\}"' | cut -d '"' -f 4 || true)
            docker_call POST /networks/prune >/dev/null || true
        fi
    fi
    daemon_stop dockerd 30
    daemon_stop containerd 10
    kill_leftovers "$dir/docker"
    unmount_below "$dir/docker"
    rm -f "$dir/docker.sock"
    if [ "$keep" = no ]; then rm -rf --one-file-system "$dir/docker"; fi
}

docker_call() {
    curl -sf --max-time 20 --unix-socket "$dir/docker.sock" -X "$1" "http://localhost$2"
}
