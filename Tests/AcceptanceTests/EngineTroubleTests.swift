import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-002, FR-003, NFR-008: no engine, or one that misbehaves at the start.
    @Suite("Engine trouble at the start", .timeLimit(.minutes(3)))
    struct EngineTrouble {
        /// What is at the place of the engine's socket.
        enum Trouble: String, CaseIterable {
            case missing, noListener, notASocket, hanging, garbage, serverError, tooOld, closesAtOnce

            /// What a person must be able to read in the message, one of them.
            var words: [String] {
                switch self {
                case .missing: ["no such file", "does not exist", "no socket"]
                case .noListener: ["refused", "nobody listens", "nothing listens"]
                case .notASocket: ["refused", "not a socket", "nobody listens"]
                case .hanging: ["no answer", "did not answer", "timed out", "not answer"]
                case .garbage: ["the answer is not http"]
                case .serverError: ["500"]
                case .tooOld: ["too old", "1.10"]
                case .closesAtOnce: ["closed"]
                }
            }

            /// Puts it there; the listener must be kept as long as it is needed.
            func make(in fixture: AcodeFixture) throws -> (path: String, listener: UnixListener?) {
                switch self {
                case .missing: return ("\(fixture.scratch)/nowhere.sock", nil)
                case .notASocket: return (try fixture.file("plain", "text"), nil)
                case .noListener:
                    let listener = try UnixListener { _ in }
                    let path = "\(fixture.scratch)/stale.sock"
                    try FileManager.default.moveItem(atPath: listener.socketPath, toPath: path)
                    listener.stop()
                    return (path, nil)
                case .hanging: return try serve { $0.waitForEnd() }
                case .closesAtOnce: return try serve { _ = $0.readHead() }
                case .garbage:
                    return try serve { connection in
                        if !connection.readHead().isEmpty { connection.write("\u{1}\u{2} bogus\n\n\n") }
                    }
                case .serverError:
                    return try serve { connection in
                        while !connection.readHead().isEmpty {
                            connection.write("HTTP/1.1 500 Oops\r\nContent-Length: 20\r\n\r\n{\"message\":\"broken\"}")
                        }
                    }
                case .tooOld:
                    return try serve { connection in
                        while !connection.readHead().isEmpty {
                            connection.write(
                                "HTTP/1.1 200 OK\r\nApi-Version: 1.10\r\nOstype: linux\r\nContent-Length: 2\r\n\r\nOK")
                        }
                    }
                }
            }

            private func serve(
                _ handler: @escaping @Sendable (UnixConnection) -> Void
            ) throws -> (path: String, listener: UnixListener?) {
                let listener = try UnixListener(handler: handler)
                return (listener.socketPath, listener)
            }
        }

        @Test("--no-fallback: exit code 69 and the reason", arguments: Trouble.allCases)
        func noFallback(_ trouble: Trouble) async throws {
            try await AcodeFixture.with("no-fallback-\(trouble)") { fixture in
                let (path, listener) = try trouble.make(in: fixture)
                defer { listener?.stop() }
                let start = try await fixture.acode(
                    "worker", "start", "--engine-socket", path, "--no-fallback", "--image", TestImage.busybox)
                #expect(start.code == 69)
                #expect(start.elapsed < .seconds(20))
                #expect(start.errorText.contains(path), "\(start)")
                let said = start.errorText.lowercased()
                #expect(trouble.words.contains { said.contains($0) }, "\(start)")
            }
        }

        @Test("fallback: one warning with the reason, then tasks run as processes", arguments: Trouble.allCases)
        func fallback(_ trouble: Trouble) async throws {
            try await AcodeFixture.with("fallback-\(trouble)") { fixture in
                let (path, listener) = try trouble.make(in: fixture)
                defer { listener?.stop() }
                var options = PoolOptions()
                options.engineSocket = path
                options.flags = []
                let end = try await fixture.withSupervisor(.docker, options) { supervisor in
                    let run = try await fixture.runScript("echo as a process; exit 4")
                    #expect(run.text == "as a process\n")
                    #expect(run.code == 4)
                    let workers = try await supervisor.workers()
                    #expect(workers.first?["containerID"] == JSONValue.null)
                }
                let warnings = end.errorText.lowercased().split(separator: "\n").filter { $0.contains("warn") }
                #expect(warnings.count == 1, "\(end)")
                let said = end.errorText.lowercased()
                #expect(trouble.words.contains { said.contains($0) }, "\(end)")
            }
        }

        @Test(
            "an engine that comes after the start: containers from then on, what runs finishes", arguments: Engine.all)
        func comesLater(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.docker.outage.checkInterval": "200ms", "workers.statsInterval": "1s",
                "workers.shutdownTimeout": "1s",
            ]
            try await AcodeFixture.with("comes-later-\(engine)", settings: settings) { fixture in
                var options = PoolOptions(count: 3)
                options.engineSocket = "\(fixture.scratch)/engine.sock"
                options.flags = []
                var lasting = ""
                let end = try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let place = "test -d /.acode && echo container || echo process"
                    #expect(try await fixture.runScript(place).text == "process\n")
                    let contained = try await fixture.submitScript(place, ["--isolation", "container"])
                    let local = try await fixture.submitScript("echo begun; sleep 6; \(place)")
                    lasting = try await fixture.submitScript("echo begun; sleep 60")
                    for id in [local, lasting] { try await fixture.waitFor(id, toPrint: "begun") }
                    #expect(try await fixture.task(contained)["state"] == "enqueued")
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(fixture.scratch)/engine.sock", withDestinationPath: try engine.socket)
                    try await fixture.waitFor(contained, state: "complete", within: .seconds(20))
                    #expect(try await fixture.acode("task", "logs", contained).text == "container\n")
                    // Nobody interrupted what ran as a process, which still holds two of the three slots.
                    #expect(try await fixture.task(local)["state"] == "inProgress")
                    #expect(try await fixture.runScript(place).text == "container\n")
                    let task = try await fixture.waitFor(local, state: "complete")
                    #expect(task["attempt"] == 1)
                    #expect(try await fixture.acode("task", "logs", local).text == "begun\nprocess\n")
                    try await eventually("one process beside the containers, which is still measured") {
                        let workers = try await supervisor.workers()
                        let processes = workers.filter { $0["containerID"].string == nil }
                        return workers.count == 4 && processes.count == 1
                            && processes.allSatisfy { ($0["usage"]["processes"].int ?? 0) > 1 }
                    }
                    #expect(try await supervisor.containers().count == 3)
                    #expect(try await fixture.acode("worker", "list").errorText == "")
                }
                for words in ["shutting down", "interrupting tasks"] {
                    #expect(end.errorText.split(separator: "\n").count { $0.contains(words) } == 1, "\(end)")
                }
                let task = try await fixture.task(lasting)
                #expect(task["outcome"] == "interrupted" || task["state"] == "enqueued", "\(task)")
            }
        }

        @Test("an engine that does not say what it is is of no use until it does", arguments: Engine.all)
        func saysNothing(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["workers.docker.outage.checkInterval": "100ms"]
            try await AcodeFixture.with("says-nothing-\(engine)", settings: settings) { fixture in
                let proxy = try SocketProxy(upstream: try engine.socket)
                defer { proxy.stop() }
                proxy.inject(.status(500, body: #"{"message":"it has lost its mind"}"#), onRequestsContaining: "/info")
                var options = PoolOptions()
                options.engineSocket = proxy.socketPath
                let place = "test -d /.acode && echo container || echo process"

                let refused = try await fixture.acode(
                    "worker", "start", "--engine-socket", proxy.socketPath, "--no-fallback", "--image",
                    TestImage.busybox)
                #expect(refused.code == 69, "\(refused)")
                #expect(refused.errorText.contains("it has lost its mind"), "\(refused)")
                #expect(!refused.errorText.contains("engine found"), "\(refused)")
                #expect(proxy.requests.allSatisfy { !$0.contains("/containers/create") }, "\(proxy.requests)")

                options.flags = []
                let end = try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    #expect(try await fixture.runScript(place).text == "process\n")
                    // It is asked again and again, and each try leaves nothing behind.
                    let asked = proxy.requests.count
                    try await eventually("ten more tries") {
                        proxy.requests[asked...].count { $0.contains("/info") } >= 10
                    }
                    #expect(proxy.openCount <= 2)
                    #expect(try await supervisor.containers().isEmpty)
                    proxy.clearFaults()
                    try await eventually("containers", within: .seconds(20)) {
                        try await fixture.runScript(place).text == "container\n"
                    }
                }
                let told = end.errorText.split(separator: "\n").filter { $0.contains("it has lost its mind") }
                #expect(told.count == 1 && told.allSatisfy { $0.contains("warn") }, "\(end)")
            }
        }

        @Test("permission denied is told as such, with the fix", arguments: Engine.all)
        func permissionDenied(_ engine: Engine) async throws {
            try await AcodeFixture.with("permission-\(engine)") { fixture in
                // Somebody else's socket, whatever rights the real one happens to have.
                let proxy = try SocketProxy(upstream: try engine.socket)
                defer { proxy.stop() }
                for path in [fixture.directory, fixture.scratch, "\(fixture.directory)/tmp"] {
                    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
                }
                let start = try await fixture.acode(
                    ["worker", "start", "--engine-socket", proxy.socketPath, "--no-fallback"], user: 65534)
                #expect(start.code == 69, "\(start)")
                #expect(start.errorText.lowercased().contains("permission"))
                #expect(start.errorText.contains("hint:"))
            }
        }

        @Test("a task that demands isolation waits instead of falling back")
        func isolation() async throws {
            try await AcodeFixture.with { fixture in
                var options = PoolOptions()
                options.engineSocket = "\(fixture.scratch)/nowhere.sock"
                options.flags = []
                try await fixture.withSupervisor(.docker, options) { _ in
                    let demanding = try await fixture.submitScript("true", ["--isolation", "container"])
                    // Everything behind it passes it.
                    for _ in 1...3 { try await fixture.runScript("true").succeeded() }
                    #expect(try await fixture.task(demanding)["state"] == "enqueued")
                    #expect(try await fixture.task(demanding)["attempt"] == 0)
                }
            }
        }
    }
}
