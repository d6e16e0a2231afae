import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Design decision 8: an engine that goes wrong while a pool uses it, by a proxy in front of the real one.
    @Suite("Engine faults", .timeLimit(.minutes(5)))
    struct EngineFaults {
        /// What goes wrong with which request, and how often.
        struct Case: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var fault: SocketProxy.Fault
            var match: String
            var times = 2

            static let all = [
                Case(testDescription: "create: 500", fault: .status(500), match: "/containers/create"),
                Case(testDescription: "start: 500", fault: .status(500), match: "/start"),
                Case(
                    testDescription: "create: half an answer", fault: .cut(afterBytes: 20), match: "/containers/create"),
                Case(
                    testDescription: "create: half a body", fault: .cutBody(afterBytes: 10), match: "/containers/create"
                ),
                Case(testDescription: "start: cut before the answer", fault: .cut(afterBytes: 0), match: "/start"),
                Case(testDescription: "attach: half a frame", fault: .cutBody(afterBytes: 4), match: "/attach"),
                Case(
                    testDescription: "inspect: garbage", fault: .answer(Array("\u{0}garbage\r\n\r\n".utf8)),
                    match: "/json HTTP"),
                Case(testDescription: "inspect: half a body", fault: .cutBody(afterBytes: 50), match: "/json HTTP"),
                Case(testDescription: "everything is slow", fault: .delay(.milliseconds(300)), match: "", times: 30),
                Case(testDescription: "events: cut at once", fault: .cut(afterBytes: 0), match: "/events", times: 3),
                Case(testDescription: "wait: half a body", fault: .cutBody(afterBytes: 3), match: "/wait"),
            ]
        }

        @Test("a pool comes up and works although requests fail at first", arguments: Engine.all, Case.all)
        func faultsAtStart(_ engine: Engine, _ fault: Case) async throws {
            let settings: [String: JSONValue] = ["workers.docker.restart.backoff": "200ms"]
            try await AcodeFixture.with("faults-\(engine)-\(fault.testDescription)", settings: settings) { fixture in
                let proxy = try SocketProxy(upstream: try engine.socket)
                defer { proxy.stop() }
                proxy.inject(fault.fault, onRequestsContaining: fault.match, times: fault.times)
                var options = PoolOptions()
                options.engineSocket = proxy.socketPath
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let run = try await fixture.runScript("echo works; exit 3")
                    #expect(run.text == "works\n")
                    #expect(run.code == 3)
                    try await eventually("exactly one container to be left") {
                        try await supervisor.containers().count == 1
                    }
                }
            }
        }

        @Test("a running task does not notice that the engine hangs", arguments: Engine.all)
        func hangUnderATask(_ engine: Engine) async throws {
            try await AcodeFixture.with("hang-\(engine)") { fixture in
                let proxy = try SocketProxy(upstream: try engine.socket)
                defer { proxy.stop() }
                var options = PoolOptions()
                options.engineSocket = proxy.socketPath
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let id = try await fixture.submitScript("echo begun; sleep 3; echo ended")
                    try await fixture.waitFor(id, toPrint: "begun")
                    proxy.inject(.hang)
                    proxy.cutAll()
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["attempt"] == 1)
                    #expect(try await fixture.acode("task", "logs", id).text == "begun\nended\n")
                    proxy.clearFaults()
                    proxy.cutAll()
                    #expect(try await fixture.runScript("echo again", within: .seconds(60)).text == "again\n")
                    #expect(try await supervisor.containers().count == 1)
                }
            }
        }

        @Test("streams that break under a task change nothing", arguments: Engine.all)
        func cutUnderATask(_ engine: Engine) async throws {
            try await AcodeFixture.with("cut-\(engine)") { fixture in
                let proxy = try SocketProxy(upstream: try engine.socket)
                defer { proxy.stop() }
                var options = PoolOptions()
                options.engineSocket = proxy.socketPath
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let container = try await supervisor.onlyContainer()["Id"]
                    let id = try await fixture.submitScript("for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done")
                    for line in 1...4 {
                        try await fixture.waitFor(id, toPrint: "\(line)\n")
                        proxy.cutAll()
                    }
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 1)
                    #expect(try await fixture.acode("task", "logs", id).text == "1\n2\n3\n4\n5\n6\n")
                    #expect(try await supervisor.onlyContainer()["Id"] == container)
                }
            }
        }

        @Test("an engine that is slow all the time is no trouble", arguments: Engine.all)
        func slowForEver(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["workers.docker.outage.checkInterval": "200ms"]
            try await AcodeFixture.with("slow-engine-\(engine)", settings: settings) { fixture in
                let proxy = try SocketProxy(upstream: try engine.socket)
                defer { proxy.stop() }
                proxy.inject(.delay(.milliseconds(400)))
                var options = PoolOptions()
                options.engineSocket = proxy.socketPath
                let end = try await fixture.withSupervisor(.of(engine), options) { _ in
                    for memory in ["512", "100"] {
                        let run = try await fixture.runScript("echo works", ["--memory-mb", memory])
                        #expect(run.text == "works\n")
                    }
                    #expect(try await fixture.acode("worker", "list").errorText == "")
                }
                #expect(!end.errorText.contains("does not answer"), "\(end)")
            }
        }

        @Test("another socket at the same path is the engine's from then on", arguments: Engine.all)
        func replacedSocket(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["workers.docker.outage.checkInterval": "200ms"]
            try await AcodeFixture.with("replaced-\(engine)", settings: settings) { fixture in
                let first = try SocketProxy(upstream: try engine.socket)
                defer { first.stop() }
                let second = try SocketProxy(upstream: try engine.socket)
                defer { second.stop() }
                let path = "\(fixture.scratch)/engine.sock"
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: first.socketPath)
                var options = PoolOptions()
                options.engineSocket = path
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let before = try await supervisor.onlyContainer()["Id"]
                    try FileManager.default.removeItem(atPath: path)
                    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: second.socketPath)
                    first.stop()
                    let run = try await fixture.runScript("echo new", ["--memory-mb", "100"], within: .seconds(60))
                    #expect(run.text == "new\n")
                    #expect(try await supervisor.onlyContainer()["Id"] != before)
                    #expect(second.connectionCount > 0)
                }
            }
        }

        @Test("an engine of another kind in its place is no engine of this pool")
        func anotherKind() async throws {
            let settings: [String: JSONValue] = ["workers.docker.outage.checkInterval": "200ms"]
            try await AcodeFixture.with("another-kind", settings: settings) { fixture in
                let path = "\(fixture.scratch)/engine.sock"
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: try Engine.docker.socket)
                var options = PoolOptions()
                options.engineSocket = path
                try await fixture.withSupervisor(.of(.docker), options) { _ in
                    try FileManager.default.removeItem(atPath: path)
                    try FileManager.default.createSymbolicLink(
                        atPath: path, withDestinationPath: try Engine.podman.socket)
                    try await eventually("it to be told") {
                        try await fixture.acode("worker", "list").errorText.contains("podman answers there now")
                    }
                    try FileManager.default.removeItem(atPath: path)
                    try FileManager.default.createSymbolicLink(
                        atPath: path, withDestinationPath: try Engine.docker.socket)
                    try await eventually("the trouble to be over") {
                        try await fixture.acode("worker", "list").errorText.isEmpty
                    }
                }
            }
        }

        @Test("SIGTERM ends a supervisor in bounded time even if its engine hangs", arguments: Engine.all)
        func stopWithHangingEngine(_ engine: Engine) async throws {
            try await AcodeFixture.with("stop-hang-\(engine)") { fixture in
                let proxy = try SocketProxy(upstream: try engine.socket)
                defer { proxy.stop() }
                var options = PoolOptions()
                options.engineSocket = proxy.socketPath
                options.grace = .seconds(45)
                options.mayFail = true
                try await fixture.withSupervisor(.of(engine), options) { _ in
                    proxy.inject(.hang)
                    proxy.cutAll()
                }
                // What could not be removed then is removed by the next start.
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let left = try await supervisor.containers()
                    #expect(left.count == 1)
                }
            }
        }
    }
}
