import TaskModel
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
                "{count: 1, recycle: always, docker: {ports: ['8080:80']}}",
                "workers.docker.ports[0]: 2 workers, spares included, can't share 127.0.0.1:8080 "
                    + "(write \"127.0.0.1::80\" for a free port each, or set workers.spares to 0)"
            ),
            (
                "{count: 2, spares: 1, docker: {ports: ['8080:80']}}",
                "3 workers, spares included, can't share 127.0.0.1:8080 (write \"127.0.0.1::80\" for a free port each, "
                    + "or set workers.count to 1 and workers.spares to 0)"
            ),
            (
                "{autoscale: {min: 0, max: 4}, docker: {ports: ['8080:80']}}",
                "4 workers can't share 127.0.0.1:8080 (write \"127.0.0.1::80\" for a free port each, or set "
                    + "workers.autoscale.max to 1)"
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

    @Test(
        "egress is read, and written so that it reads back",
        arguments: [
            ("allow-all", "allow-all"), ("deny", "deny"), ("{allow: []}", "deny"),
            (
                "{allow: [Example.org, '*.example.net:8443', '10.0.0.0/8']}",
                "{allow: [\"example.org\", \"*.example.net:8443\", \"10.0.0.0/8\"]}"
            ),
        ])
    func egress(text: String, written: String) throws {
        let settings = try load("workers: {egress: \(text)}").settings
        #expect(try load("workers: {egress: \(written)}").settings.workers.egress == settings.workers.egress)
        #expect(
            try load("", environment: ["ACODE_WORKERS_EGRESS": text]).settings.workers.egress == settings.workers.egress
        )
        #expect(settings.workers.egress.isRestricted == (text != "allow-all"))
    }

    @Test(
        "egress that can't be is told with its place",
        arguments: [
            ("{egress: denied}", "acode.yaml:1:19: workers.egress: expected one of allow-all, deny, or {allow: "),
            ("{egress: {alow: [a]}}", "workers.egress.alow: is not a known key (did you mean allow?)"),
            (
                "{egress: {allow: ['https://a/']}}",
                "workers.egress.allow[0]: \"https://a/\" is no host: a rule is about hosts"
            ),
            ("{egress: {allow: [a, 10.0.0.1/8]}}", "workers.egress.allow[1]: \"10.0.0.1/8\" is no range of addresses"),
            ("{egress: deny, docker: {network: lab}}", "workers.egress: can't be limited in the network lab"),
            ("{count: 1, egress: deny, docker: {ports: [80]}}", "can't be published while workers.egress is limited"),
            ("{egress: deny, docker: {dns: [10.0.0.1]}}", "workers.docker.dns: has no effect"),
        ])
    func egressMistake(text: String, words: String) throws {
        let found = try problems("workers: \(text)\n")
        #expect(found.contains { $0.contains(words) }, "\(found)")
    }

    @Test func theHostsNetworkCanBeAllowed() throws {
        let settings = try load("workers: {docker: {network: host, allowHostNetwork: true}}").settings
        #expect(settings.workers.docker.network == "host")
    }
}
