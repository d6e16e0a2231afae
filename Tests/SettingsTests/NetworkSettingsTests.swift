import Testing

@testable import Settings

@Suite("Settings of the network")
struct NetworkSettingsTests {
    @Test(
        "ports are read as everyone writes them",
        arguments: [
            ("80", PortPublication(containerPort: 80)),
            ("80/udp", PortPublication(containerPort: 80, transport: .udp)),
            ("8080:80", PortPublication(hostPort: 8080, containerPort: 80)),
            ("0:80", PortPublication(containerPort: 80)),
            ("10.0.0.1:8080:80/TCP", PortPublication(host: "10.0.0.1", hostPort: 8080, containerPort: 80)),
            ("127.0.0.1::80", PortPublication(containerPort: 80)),
            ("[::1]:8080:80", PortPublication(host: "::1", hostPort: 8080, containerPort: 80)),
        ])
    func port(text: String, port: PortPublication) throws {
        #expect(try load("workers: {count: 1, docker: {ports: [\"\(text)\"]}}").settings.workers.docker.ports == [port])
        #expect(try load("workers: {count: 1, docker: {ports: [\"\(port)\"]}}").settings.workers.docker.ports == [port])
    }

    @Test(
        "ports that can't be are told with their place",
        arguments: [
            ("[8000-8010:80]", "acode.yaml:1:38: workers.docker.ports[0]: ranges of ports are not supported"),
            ("[70000]", "acode.yaml:1:38: workers.docker.ports[0]: 70000 is no port (ports are 1 to 65535)"),
            ("[web]", "acode.yaml:1:38: workers.docker.ports[0]: expected a port as 80"),
            ("[localhost:80:80]", "workers.docker.ports[0]: \"localhost\" is not an address of this host"),
            ("[80/sctp]", "(the protocol is tcp or udp)"),
            ("['::1:80:80']", "(write an IPv6 address in brackets, as in [::1]:8080:80)"),
            ("['8080:80', '0.0.0.0:8080:81']", "workers.docker.ports[1]: is the second entry for 0.0.0.0:8080"),
            ("['80', '80']", "workers.docker.ports[1]: is the second entry for 80/tcp"),
        ])
    func mistake(text: String, words: String) throws {
        let found = try problems("workers: {count: 1, docker: {ports: \(text)}}")
        #expect(found.contains { $0.contains(words) }, "\(found)")
    }

    @Test(
        "what does not fit together is told",
        arguments: [
            (
                "{count: 2, docker: {ports: ['8080:80']}}",
                "acode.yaml:1:38: workers.docker.ports[0]: 2 workers can't share 127.0.0.1:8080 "
                    + "(write \"127.0.0.1::80\" for a free port each, or set workers.count to 1)"
            ),
            (
                "{docker: {network: host}}",
                "acode.yaml:1:29: workers.docker.network: must not be host: tasks would reach whatever listens on this "
                    + "host's loopback (use bridge, or set workers.docker.allowHostNetwork to true)"
            ),
            ("{docker: {network: none, ports: [80]}}", "workers.docker.ports: have no effect in the network none"),
            ("{docker: {network: none, dns: [10.0.0.1]}}", "workers.docker.dns: has no effect in the network none"),
            (
                "{docker: {network: none, extraHosts: ['a:host-gateway']}}",
                "workers.docker.extraHosts[0]: there is no gateway in the network none"
            ),
        ])
    func together(text: String, words: String) throws {
        let found = try problems("workers: \(text)\n")
        #expect(found.contains { $0.contains(words) }, "\(found)")
    }

    @Test func theHostsNetworkCanBeAllowed() throws {
        let settings = try load("workers: {docker: {network: host, allowHostNetwork: true}}").settings
        #expect(settings.workers.docker.network == "host")
    }
}
