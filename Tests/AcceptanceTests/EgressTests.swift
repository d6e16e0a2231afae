import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Limited egress: no network but the supervisor's proxy, which lets through what is listed and tells what it refused.
    @Suite("Egress", .timeLimit(.minutes(2)))
    struct Egress {
        /// 20 MB that no two bytes of which may be swapped unseen.
        private static let large = [UInt8](
            unsafeUninitializedCapacity: 20_000_000,
            initializingWith: { buffer, count in
                var state: UInt32 = 1
                for index in 0..<20_000_000 {
                    state = state &* 1_664_525 &+ 1_013_904_223
                    buffer[index] = UInt8(state >> 24)
                }
                count = 20_000_000
            })

        /// A web server at every address of this host.
        private static func server() throws -> TCPServer {
            try TCPServer(everywhere: true) { connection in
                let head = String(decoding: connection.readHead(), as: UTF8.self)
                let body = head.contains(" /large ") ? large : Array("hello from the host\n".utf8)
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n")
                connection.write(body)
            }
        }

        /// An address of this host that both engines' proxies can reach: Podman's own bridge is there only while it is used.
        private static func gateway() async throws -> String {
            let configuration = try await Engine.docker.api.json("GET", "/networks/bridge")["IPAM"]["Config"]
            return try #require(configuration[0]["Gateway"].string)
        }

        private static func denials(_ fixture: AcodeFixture, _ task: String) async throws -> [String] {
            try await fixture.json("task", "events", task).elements.filter { $0["kind"] == "egress_denied" }
                .compactMap { $0["message"].string }
        }

        @Test("what is listed is reached, through the proxy and by no other way", arguments: Engine.all)
        func allowed(_ engine: Engine) async throws {
            let (open, shut) = (try Self.server(), try Self.server())
            let host = try await Self.gateway()
            let settings: [String: JSONValue] = [
                "workers.egress": ["allow": [.string("\(host):\(open.port)"), "localhost:*"]]
            ]
            try await AcodeFixture.with("egress-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let reached = try await fixture.runScript(
                        "ls /sys/class/net; wget -qO- http://\(host):\(open.port)/; echo $HTTPS_PROXY $NO_PROXY;"
                            + " nc -w 3 \(host) \(open.port) </dev/null 2>&1 || echo no other way")
                    #expect(reached.lines.prefix(2) == ["lo", "hello from the host"], "\(reached)")
                    #expect(reached.lines.dropFirst(2).first == "http://127.0.0.1:3128 localhost,127.0.0.1,::1")
                    #expect(reached.lines.last == "no other way")
                    #expect(open.connectionCount == 1)

                    // Refused: an address with another port, three times; a name that isn't listed; one that is, but leads
                    // to this host's loopback, as a name server in the wrong hands can make any name do.
                    let id = try await fixture.submitScript(
                        """
                        for i in 1 2 3; do wget -qO- http://\(host):\(shut.port)/ 2>&1; done
                        wget -qO- http://evil.example/ 2>&1
                        printf 'CONNECT localhost:\(shut.port) HTTP/1.1\\r\\n\\r\\n' | nc -w 5 127.0.0.1 3128
                        printf 'nonsense\\r\\n\\r\\n' | nc -w 5 127.0.0.1 3128
                        exit 3
                        """)
                    let task = try await fixture.waitFor(id, state: "error")
                    let reason = try #require(task["reason"].string)
                    #expect(
                        reason.contains("; workers.egress refused it \(host):\(shut.port), evil.example:80"),
                        "\(reason)")
                    let denials = try await Self.denials(fixture, id)
                    try #require(denials.count == 4, "\(denials)")
                    #expect(denials[0] == "\(host):\(shut.port) is an address that workers.egress does not list")
                    #expect(denials[1] == "evil.example:80 is not allowed by workers.egress")
                    #expect(denials[2].hasPrefix("localhost:\(shut.port) leads to "), "\(denials)")
                    #expect(denials[3] == "\(host):\(shut.port) was refused 3 times")
                    #expect(shut.connectionCount == 0)
                    let log = try await fixture.acode("task", "logs", id).text
                    #expect(log.contains("HTTP/1.1 403 Forbidden"), "\(log)")
                    #expect(log.contains("HTTP/1.1 400 Bad Request"))

                    // The task's own end is none of the worker's fault, and the next finds the way again.
                    let again = try await fixture.runScript("wget -qO- http://\(host):\(open.port)/")
                    #expect(again.text == "hello from the host\n", "\(again)")
                    #expect(!supervisor.process.hasEnded)
                }
            }
        }

        @Test("20 MB and many connections at once arrive whole", arguments: Engine.all)
        func load(_ engine: Engine) async throws {
            let server = try Self.server()
            let host = try await Self.gateway()
            let settings: [String: JSONValue] = [
                "workers.egress": ["allow": [.string("\(host):\(server.port)")]]
            ]
            try await AcodeFixture.with("egress-load-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let url = "http://\(host):\(server.port)"
                    let file = "\(fixture.scratch)/large"
                    try Data(Self.large).write(to: URL(fileURLWithPath: file))
                    let sum = try await ChildProcess.tool(
                        ProcessPlan("/usr/bin/md5sum", [file]), within: .seconds(20)
                    ).text.prefix(32)
                    // The second reader is slow, so that everything on the way has to wait for it.
                    let run = try await fixture.runScript(
                        """
                        wget -qO- \(url)/large | md5sum
                        wget -qO- \(url)/large | (sleep 1; md5sum)
                        for i in $(seq 40); do wget -qO- \(url)/ >> answers & done
                        wait
                        sort answers | uniq -c
                        """, within: .seconds(60))
                    let words = run.lines.map { $0.split(separator: " ").joined(separator: " ") }
                    #expect(words == ["\(sum) -", "\(sum) -", "40 hello from the host"], "\(run)")
                }
            }
        }

        @Test("deny: nothing is reached, and the timeline says what was tried", arguments: Engine.all)
        func denied(_ engine: Engine) async throws {
            try await AcodeFixture.with("egress-deny-\(engine)", settings: ["workers.egress": "deny"]) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let container = try await supervisor.onlyContainer()
                    #expect(container["HostConfig"]["NetworkMode"] == "none")
                    let id = try await fixture.submitScript("wget -qO- http://example.org/ 2>&1")
                    let task = try await fixture.waitFor(id, state: "error")
                    #expect(
                        task["reason"].string?.contains("workers.egress refused it example.org:80") == true, "\(task)")
                    let denials = try await Self.denials(fixture, id)
                    #expect(denials == ["example.org:80 is not allowed by workers.egress"])
                }
            }
        }

        @Test("local workers are told of the proxy, and everyone is told that they can go around it")
        func local() async throws {
            let server = try Self.server()
            let settings: [String: JSONValue] = [
                "workers.egress": ["allow": [.string("127.0.0.1:\(server.port)")]]
            ]
            try await AcodeFixture.with("egress-local", settings: settings) { fixture in
                try await fixture.withSupervisor(.local) { supervisor in
                    let run = try await fixture.runScript(
                        "curl -s --noproxy '' --max-time 10 http://127.0.0.1:\(server.port)/;"
                            + " curl -s --noproxy '' --max-time 10 http://evil.example/")
                    #expect(run.lines.first == "hello from the host", "\(run)")
                    #expect(run.lines.last == "acode: evil.example:80 is not allowed by workers.egress", "\(run)")
                    #expect(supervisor.process.errorText.contains("workers.egress is not enforced"))
                }
            }
        }
    }
}
