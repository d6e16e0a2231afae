extension SettingTable {
    /// What tasks may connect to.
    static let egress: [SettingDescriptor] = [
        .init(
            "workers.egress", \.workers.egress, .egress,
            "Where tasks may connect to. With anything but allow-all containers have no network, and a proxy of the "
                + "supervisor, which HTTP_PROXY and its like name, is their only way out. A place without a port means "
                + "80 and 443, :* any port; *.domain the hosts below a domain. Addresses that are not public have to be "
                + "listed themselves, as addresses or ranges such as 10.1.0.0/16, also where a listed name leads to them. "
                + "Local workers are told of the proxy, but can go around it.")
    ]

    /// What containers reach, and how they are reached.
    static let network: [SettingDescriptor] = [
        .init(
            "workers.docker.network", \.workers.docker.network,
            .text("bridge, host, none or the name of a network", check: NameRules.network),
            "The network containers are in: the engine's bridge, the host's own (only with allowHostNetwork), none but "
                + "loopback, or a network of the engine that exists already."),
        .init(
            "workers.docker.allowHostNetwork", \.workers.docker.allowHostNetwork, .boolean,
            "Whether network may be host, which lets tasks reach everything that listens on this host's loopback."),
        .init(
            "workers.docker.ports", \.workers.docker.ports, .ports,
            "Ports of the containers that are reached from this host, on 127.0.0.1 unless another address is written. "
                + "Without a host port each container gets a free one, which `acode worker show` tells; with more than "
                + "one worker this is the only way.",
            example: .list([.text("8080"), .text("127.0.0.1::5432/tcp")])),
        .init(
            "workers.docker.dns", \.workers.docker.dns,
            .list(of: .text("the address of a name server", check: NameRules.address)),
            "Name servers of the containers; the engine's own choice while it is empty.",
            example: .list([.text("10.0.0.2")])),
        .init(
            "workers.docker.dnsSearch", \.workers.docker.dnsSearch,
            .list(of: .text("a domain", check: NameRules.domain)),
            "Domains in which containers look up short names.", example: .list([.text("corp.example.org")])),
        .init(
            "workers.docker.extraHosts", \.workers.docker.extraHosts,
            .list(of: .text("a host as name:address", check: NameRules.extraHost)),
            "Hosts that containers know beside those of their name server. The address host-gateway is this host, seen "
                + "from the containers' network.",
            example: .list([.text("db.local:10.0.0.5"), .text("host.internal:host-gateway")])),
    ]
}
