# shellcheck shell=bash disable=SC2154 # $dir, $owner, $keep, $octet and the bridge names are the caller's
# Addresses, bridge names and firewall rules of one engines directory. Sourced by scripts/engines.
#
# An instance owns 10.N.0.0/16: the lower half is Docker's, the upper half Podman's. Docker runs with its own firewall
# code off, because a second dockerd flushes the chains of the first; the few rules it needs are here. Podman's rules
# are per network and harm nobody.

# network_names: sets $octet, $docker_bridge, $podman_bridge, choosing an unused 10.N.0.0/16 the first time.
network_names() {
    local digest
    digest=$(printf '%s' "$dir" | sha256sum | cut -c 1-8)
    docker_bridge=acd-$digest podman_bridge=acp-$digest
    octet=$(cat "$dir/instance")
    if [ -z "$octet" ]; then octet=$((64 + 16#$digest % 160)); fi
}

network_rules() {
    local half=10.$octet.0.0/17 whole=10.$octet.0.0/16 action=$1 mark=(-m comment --comment "$docker_bridge")
    firewall "$action" nat POSTROUTING -s "$half" ! -d "$whole" "${mark[@]}" -j MASQUERADE
    firewall "$action" filter FORWARD -s "$half" "${mark[@]}" -j ACCEPT
    firewall "$action" filter FORWARD -d "$half" -m conntrack --ctstate RELATED,ESTABLISHED "${mark[@]}" -j ACCEPT
}

# firewall insert|delete TABLE RULE…: idempotent both ways.
firewall() {
    local action=$1 table=$2
    shift 2
    if iptables -w 10 -t "$table" -C "$@" 2>/dev/null; then
        if [ "$action" = delete ]; then iptables -w 10 -t "$table" -D "$@"; fi
    elif [ "$action" = insert ]; then
        iptables -w 10 -t "$table" -I "$@"
    fi
}

# network_create: the bridge also reserves the subnet, so choosing and making it happen under one lock of the machine.
network_create() {
    network_names
    if [ ! -d "/sys/class/net/$docker_bridge" ]; then
        exec 8>/tmp/acode-engines.subnets
        flock -w 30 8 || die "another scripts/engines holds /tmp/acode-engines.subnets"
        choose_subnet
        ip link add name "$docker_bridge" type bridge
        ip address add "10.$octet.0.1/24" dev "$docker_bridge"
        ip link set "$docker_bridge" up
        printf '%s\n' "$octet" >"$dir/instance"
        exec 8>&-
    fi
    if [ "$(cat /proc/sys/net/ipv4/ip_forward)" != 1 ]; then echo 1 >/proc/sys/net/ipv4/ip_forward; fi
    network_rules insert
}

choose_subnet() {
    local tries=0
    while ip -4 -o address show | grep -q " 10\.$octet\." || ip -4 route show table all | grep -q "10\.$octet\."; do
        octet=$((64 + (octet - 63) % 160))
        tries=$((tries + 1))
        [ "$tries" -lt 160 ] || die "no 10.N.0.0/16 between 10.64 and 10.223 is free" "stop other engines instances"
    done
}

network_remove() {
    network_names
    network_rules delete
    local link
    for link in "$docker_bridge" "$podman_bridge"; do
        if [ -d "/sys/class/net/$link" ]; then ip link delete "$link"; fi
    done
}
