import TestSupport
import Testing

extension Acceptance {
    /// FR-037, FR-063…066: what a container sees of the world in each network.
    @Suite("Network modes", .timeLimit(.minutes(5)))
    struct NetworkModes {
        /// The engine's own bridge: this host's address in it.
        private static func gateway(_ engine: Engine, _ network: String? = nil) async throws -> String {
            let name = network ?? (engine == .docker ? "bridge" : "podman")
            let configuration = try await engine.api.json("GET", "/networks/\(name)")["IPAM"]["Config"]
            return try #require(configuration[0]["Gateway"].string)
        }

        private static func greeter() throws -> TCPServer {
            try TCPServer(everywhere: true) { $0.write(Array("hello from the host\n".utf8)) }
        }

        /// What is seen: interfaces beside loopback, and what a server of the host says.
        private static func look(_ fixture: AcodeFixture, at address: String, _ port: UInt16) async throws -> [String] {
            try await fixture.runScript(
                "ls /sys/class/net | grep -v '^lo$' | wc -l; nc -w 5 \(address) \(port) </dev/null 2>&1; true"
            ).lines
        }

        @Test("bridge: an interface of its own, and the host at its gateway", arguments: Engine.all)
        func bridge(_ engine: Engine) async throws {
            let server = try Self.greeter()
            let gateway = try await Self.gateway(engine)
            try await AcodeFixture.with("bridge-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    #expect(try await Self.look(fixture, at: gateway, server.port) == ["1", "hello from the host"])
                    let loopback = try await Self.look(fixture, at: "127.0.0.1", server.port)
                    #expect(!loopback.contains("hello from the host"))
                    let container = try await supervisor.onlyContainer()
                    #expect(container["NetworkSettings"]["Ports"].keys.isEmpty)
                }
            }
        }

        @Test("none: loopback and nothing else", arguments: Engine.all)
        func none(_ engine: Engine) async throws {
            let server = try Self.greeter()
            let gateway = try await Self.gateway(engine)
            try await AcodeFixture.with("none-\(engine)", settings: ["workers.docker.network": "none"]) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let seen = try await Self.look(fixture, at: gateway, server.port)
                    #expect(seen.first == "0")
                    #expect(!seen.contains("hello from the host"), "\(seen)")
                    #expect(server.connectionCount == 0)
                    let loopback = try await fixture.runScript(
                        "(echo inside | nc -l -p 4000) & sleep 0.2; nc -w 5 127.0.0.1 4000 </dev/null")
                    #expect(loopback.text == "inside\n", "\(loopback)")
                }
            }
        }

        @Test("host: refused until it is allowed, then the host's own loopback", arguments: Engine.all)
        func host(_ engine: Engine) async throws {
            try await AcodeFixture.with("host-refused-\(engine)") { fixture in
                let refused = try await fixture.acode(
                    ["worker", "start", "--network", "host", "--engine-socket", try engine.socket])
                #expect(refused.code == 78, "\(refused)")
                #expect(refused.errorText.contains("workers.docker.allowHostNetwork"))
            }
            let server = try TCPServer { $0.write(Array("hello from the host\n".utf8)) }
            let settings: [String: JSONValue] = [
                "workers.docker.network": "host", "workers.docker.allowHostNetwork": true,
                "workers.statsInterval": "1s",
            ]
            try await AcodeFixture.with("host-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let seen = try await Self.look(fixture, at: "127.0.0.1", server.port)
                    #expect(seen.last == "hello from the host", "\(seen)")
                    // The host's traffic is not the worker's.
                    let usage = try await eventually("a measurement") {
                        let usage = try await supervisor.workers().first?["usage"]
                        return (usage?["memoryBytes"].int ?? 0) > 0 ? usage : nil
                    }
                    #expect(usage["networkReceived"] == .null && usage["networkSent"] == .null, "\(usage)")
                    #expect(try await fixture.acode("worker", "stats").succeeded().lines.last?.hasSuffix("-") == true)
                }
            }
        }

        @Test(
            "a network by name: its subnet, and one that isn't there is told with its neighbours", arguments: Engine.all
        )
        func named(_ engine: Engine) async throws {
            let server = try Self.greeter()
            try await AcodeFixture.with("named-\(engine)") { fixture in
                let name = "net-\(fixture.id)"
                _ = try await engine.api.json("POST", "/networks/create", body: ["Name": .string(name)])
                fixture.atEnd { _ = try await engine.api.call("DELETE", "/networks/\(name)") }
                let gateway = try await Self.gateway(engine, name)
                var options = PoolOptions()
                options.flags += ["--network", name]
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    #expect(try await Self.look(fixture, at: gateway, server.port) == ["1", "hello from the host"])
                    let networks = try await supervisor.onlyContainer()["NetworkSettings"]["Networks"]
                    #expect(networks.keys == [name])
                }
                let missing = try await fixture.acode([
                    "worker", "start", "--count", "1", "--image", TestImage.busybox, "--no-fallback", "--network",
                    "net-\(fixture.id.dropLast())", "--engine-socket", try engine.socket,
                ])
                #expect(missing.code == 78, "\(missing)")
                #expect(missing.errorText.contains("did you mean \(name)?"), "\(missing)")
            }
        }

        /// Docker keeps the way out shut with rules of iptables, which the engine of all tests must not touch: see `firewall`.
        @Test("an internal network leads to its own containers, and tasks can't get around it", arguments: Engine.all)
        func `internal`(_ engine: Engine) async throws {
            let server = try Self.greeter()
            let outside = try await Self.gateway(.docker)
            try await AcodeFixture.with("internal-\(engine)") { fixture in
                let name = "net-\(fixture.id)"
                _ = try await engine.api.json(
                    "POST", "/networks/create", body: ["Name": .string(name), "Internal": true])
                fixture.atEnd { _ = try await engine.api.call("DELETE", "/networks/\(name)") }
                var options = PoolOptions(count: 2)
                options.flags += ["--network", name]
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let task = try await fixture.submitScript(
                        "ip -o -4 addr show | grep -v ' lo ' | sed 's/.*inet //; s,/.*,,'; "
                            + "echo listening; echo hello | nc -l -p 4000")
                    try await fixture.waitFor(task, toPrint: "listening")
                    let address = try #require(try await fixture.acode("task", "logs", task).lines.first)
                    // Its input stays open until the answer is there, which this program's end would cut off.
                    let said = try await fixture.runScript(
                        "for i in 1 2 3 4 5; do sleep 1 | nc -w 5 \(address) 4000 2>/dev/null && break; done")
                    #expect(said.text == "hello\n", "\(said)")
                    try await fixture.waitFor(task, state: "complete")
                    if engine == .podman {
                        let way = try await fixture.runScript(
                            "ip route | grep -c default; nc -w 3 \(outside) \(server.port) </dev/null 2>&1; true")
                        #expect(way.lines.first == "0", "\(way)")
                        #expect(server.connectionCount == 0)
                    }
                    for container in try await supervisor.containers() {
                        let inspection = try await engine.api.inspect(try #require(container["Id"].string))
                        #expect(inspection["NetworkSettings"]["Networks"].keys == [name])
                    }
                    #expect(try await engine.api.json("GET", "/networks/\(name)")["Internal"] == true)
                    let worker = try #require(try await supervisor.workers().first?["id"].string)
                    let security = try await fixture.acode("worker", "inspect", "--security", worker)
                    #expect(security.lines.contains { $0.hasPrefix("network") && $0.contains(name) }, "\(security)")
                    // The supervisor's proxy must not become a way around it.
                    let around = try await fixture.acode("task", "submit", "--egress", "example.org", "--", "true")
                    #expect(around.code == 64 && around.errorText.contains(name), "\(around)")
                }
            }
        }

        @Test("Docker's rules of iptables leave an internal network no way out")
        func firewall() async throws {
            let server = try Self.greeter()
            try await EngineInstance.with([.docker], hasFirewall: true) { engines in
                let outside = try engines.hostAddress
                try await AcodeFixture.with("firewall") { fixture in
                    let name = "net-\(fixture.id)"
                    _ = try await engines.api(.docker).json(
                        "POST", "/networks/create", body: ["Name": .string(name), "Internal": true])
                    var options = PoolOptions()
                    options.engines = engines
                    for (network, answer) in [("bridge", "hello from the host"), (name, "nc: timed out")] {
                        options.flags = ["--no-fallback", "--network", network]
                        try await fixture.withSupervisor(.docker, options) { _ in
                            let seen = try await Self.look(fixture, at: outside, server.port)
                            #expect(seen == ["1", answer])
                        }
                    }
                    #expect(server.connectionCount == 1)
                }
            }
        }

        @Test("host-gateway in a network where this host has no address is refused with the fix")
        func noGateway() async throws {
            let settings: [String: JSONValue] = ["workers.docker.extraHosts": ["host.internal:host-gateway"]]
            try await AcodeFixture.with("no-gateway", settings: settings) { fixture in
                let name = "net-\(fixture.id)"
                _ = try await Engine.podman.api.json(
                    "POST", "/networks/create",
                    body: [
                        "Name": .string(name), "Driver": "macvlan", "Internal": true,
                        "IPAM": ["Config": [["Subnet": "10.199.7.0/24"]]],
                    ])
                fixture.atEnd { _ = try await Engine.podman.api.call("DELETE", "/networks/\(name)") }
                var options = PoolOptions()
                options.flags += ["--network", name]
                options.waitsForWorkers = false
                try await fixture.withSupervisor(.of(.podman), options) { supervisor in
                    try await eventually("the reason to be told", seen: { supervisor.process.errorText }) {
                        supervisor.process.errorText.contains("this host has no address in the network \(name)")
                    }
                    #expect(try await supervisor.containers().isEmpty)
                }
            }
        }

        @Test("name servers, search domains and extra hosts are what tasks see", arguments: Engine.all)
        func names(_ engine: Engine) async throws {
            let server = try Self.greeter()
            let settings: [String: JSONValue] = [
                "workers.docker.dns": ["192.0.2.53"], "workers.docker.dnsSearch": ["corp.example.org"],
                "workers.docker.extraHosts": ["db.internal:192.0.2.7", "host.internal:host-gateway"],
            ]
            try await AcodeFixture.with("names-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let run = try await fixture.runScript(
                        "cat /etc/resolv.conf /etc/hosts; nc -w 5 host.internal \(server.port) </dev/null")
                    #expect(run.lines.contains("nameserver 192.0.2.53"), "\(run)")
                    #expect(run.text.contains("search corp.example.org"))
                    #expect(run.lines.contains { $0.hasPrefix("192.0.2.7") && $0.contains("db.internal") })
                    #expect(run.lines.last == "hello from the host", "\(run)")
                }
            }
        }
    }
}
