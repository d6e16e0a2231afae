import Foundation
import Synchronization
import TestSupport
import Testing

extension Acceptance {
    /// FR-037: the way out is the supervisor's: by name, across its successors, and never at its own expense.
    @Suite("Egress and its supervisor", .timeLimit(.minutes(5)))
    struct EgressSupervisor {
        /// A web server of this host's loopback that says `wait` until it is told to say something else.
        private final class Sign: Sendable {
            let says = Mutex("wait")

            func server() throws -> TCPServer {
                try TCPServer { [self] connection in
                    _ = connection.readHead()
                    let body = says.withLock { $0 } + "\n"
                    connection.write(
                        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
                }
            }
        }

        /// Permits a port of this host's loopback under its name, and says that the name may lead there.
        private static func settings(_ port: UInt16) -> [String: JSONValue] {
            ["workers.egress": ["allow": [.string("localhost:\(port)"), .string("127.0.0.1:\(port)")]]]
        }

        /// Asks the proxy directly: programs do not use it for `localhost`.
        private static func ask(_ request: String) -> String {
            #"printf '\#(request)\r\n\r\n' | nc -w 10 127.0.0.1 3128"#
        }

        @Test("a listed name is reached, by a tunnel and by a plain request", arguments: Engine.all)
        func names(_ engine: Engine) async throws {
            let server = try Sign().server()
            let settings = Self.settings(server.port)
            try await AcodeFixture.with("egress-name-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let place = "localhost:\(server.port)"
                    let tunnel = try await fixture.runScript(
                        Self.ask(#"CONNECT \#(place) HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: a"#))
                    #expect(tunnel.text.hasPrefix("HTTP/1.1 200 Connection established"), "\(tunnel)")
                    #expect(tunnel.text.hasSuffix("\r\n\r\nwait\n"), "\(tunnel)")
                    let plain = try await fixture.runScript(Self.ask("GET http://\(place)/ HTTP/1.1"))
                    #expect(plain.text.hasSuffix("\r\n\r\nwait\n"), "\(plain)")
                    #expect(server.connectionCount == 2)
                    let other = try await fixture.runScript(Self.ask("CONNECT localhost:1 HTTP/1.1"))
                    #expect(other.text.hasPrefix("HTTP/1.1 403 "), "\(other)")
                }
            }
        }

        /// Holds a tunnel open and says when it is cut; asks again and again until it is told to stop.
        private static func patient(_ held: UInt16, asking port: UInt16) -> String {
            let request = #"CONNECT 127.0.0.1:\#(held) HTTP/1.1\r\n\r\n"#
            return """
                mkfifo line; (printf '\(request)'; exec sleep 60) > line & held=$!
                (nc 127.0.0.1 3128 < line > said; echo cut) & cut=$!
                until grep -q established said 2>/dev/null; do sleep 0.1; done; echo open
                until \(ask("GET http://127.0.0.1:\(port)/ HTTP/1.1")) 2>/dev/null | grep -q go; do sleep 0.1; done
                echo again; kill $held; wait $cut
                """
        }

        @Test("a killed supervisor's successor serves the adopted workers", arguments: Engine.all)
        func adopted(_ engine: Engine) async throws {
            let sign = Sign()
            let (held, server) = (try TCPServer { _ = $0.readToEnd() }, try sign.server())
            let settings: [String: JSONValue] = ["workers.egress": ["allow": ["127.0.0.1:*"]]]
            try await AcodeFixture.with("egress-adopt-\(engine)", settings: settings) { fixture in
                var id = ""
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    id = try await fixture.submitScript(Self.patient(held.port, asking: server.port))
                    try await fixture.waitFor(id, toPrint: "open")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(10))
                }
                try await fixture.withSupervisor(.of(engine)) { _ in
                    sign.says.withLock { $0 = "go" }
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(30))
                    #expect(task["attempt"] == 1)
                    #expect(try await fixture.acode("task", "logs", id).text == "open\ncut\nagain\n")
                    let next = try await fixture.runScript(Self.ask("CONNECT evil.example:80 HTTP/1.1"))
                    #expect(next.text.hasPrefix("HTTP/1.1 403 "), "\(next)")
                }
            }
        }

        @Test("so does the one it was handed over to", arguments: Engine.all)
        func handedOver(_ engine: Engine) async throws {
            let sign = Sign()
            let (held, server) = (try TCPServer { _ = $0.readToEnd() }, try sign.server())
            let settings: [String: JSONValue] = ["workers.egress": ["allow": ["127.0.0.1:*"]]]
            try await AcodeFixture.with("egress-handoff-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { old in
                    let id = try await fixture.submitScript(Self.patient(held.port, asking: server.port))
                    try await fixture.waitFor(id, toPrint: "open")
                    var options = PoolOptions()
                    options.flags += ["--handoff"]
                    try await fixture.withSupervisor(.of(engine), options) { _ in
                        try await old.process.waitForEnd(within: .seconds(20))
                        sign.says.withLock { $0 = "go" }
                        let task = try await fixture.waitFor(id, state: "complete", within: .seconds(30))
                        #expect(task["attempt"] == 1)
                        #expect(try await fixture.acode("task", "logs", id).text == "open\ncut\nagain\n")
                    }
                }
            }
        }

        @Test(
            "600 connections of two workers leave the supervisor what it needs",
            arguments: zip(Engine.all, ["ulimit -Sn 1024", "ulimit -n 1024"]))
        func descriptors(_ engine: Engine, _ limit: String) async throws {
            let release = DispatchSemaphore(value: 0)
            let server = try TCPServer { _ in
                release.wait()
                release.signal()
            }
            defer { release.signal() }
            let settings: [String: JSONValue] = ["workers.egress": ["allow": [.string("127.0.0.1:\(server.port)")]]]
            try await AcodeFixture.with("egress-many-\(engine)", settings: settings) { fixture in
                var options = PoolOptions(count: 3)
                options.flags += ["--pids", "400"]
                options.wrapper = ["/bin/sh", "-c", "\(limit); exec \"$@\"", "sh"]
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let script = #"""
                        printf 'CONNECT 127.0.0.1:\#(server.port) HTTP/1.1\r\n\r\n' > request
                        for i in $(seq 300); do nc 127.0.0.1 3128 < request > /dev/null 2>&1 & done
                        echo asked; wait
                        """#
                    let tasks = [try await fixture.submitScript(script), try await fixture.submitScript(script)]
                    for task in tasks { try await fixture.waitFor(task, toPrint: "asked") }
                    // Where the limit can't be raised, each gets at least as many as are left for others: 2 × 85.
                    let expected = limit.contains("S") ? 500 : 170
                    try await eventually("the connections", seen: { "\(server.connectionCount)" }) {
                        server.connectionCount >= expected
                    }
                    let third = try await fixture.runScript("echo third")
                    #expect(third.text == "third\n", "\(third)")
                    for task in tasks { try await fixture.acode("task", "cancel", task).succeeded() }
                    for task in tasks { try await fixture.waitFor(task, state: "cancelled") }
                    #expect(!supervisor.process.errorText.contains("Too many open files"))
                }
            }
        }
    }
}
