import TestSupport
import Testing

extension Acceptance {
    /// Design decision 8: an engine that goes away under load and comes back.
    @Suite("Engine restart", .timeLimit(.minutes(9)), .enginesOfItsOwn)
    struct EngineRestart {
        private static func setUp() throws -> (EngineInstance, PoolOptions) {
            let engines = try #require(EnginesOfItsOwn.current)
            var options = PoolOptions(count: 2)
            options.engines = engines
            return (engines, options)
        }

        @Test("tasks finish although their engine restarts", arguments: Engine.all)
        func restart(_ engine: Engine) async throws {
            let (engines, options) = try Self.setUp()
            let settings: [String: JSONValue] = ["workers.docker.restart.backoff": "500ms"]
            try await AcodeFixture.with("restart-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    var ids: [String] = []
                    for number in 1...12 { ids.append(try await fixture.submitScript("sleep 1; echo \(number)")) }
                    try await eventually("the first to finish") {
                        try await fixture.tasks().contains { $0["state"] == "complete" }
                    }
                    try await engines.control("restart", engine)
                    try await eventually("every task to end", within: .seconds(120), every: .milliseconds(500)) {
                        try await fixture.tasks().allSatisfy { $0["finishedAt"] != JSONValue.null }
                    }
                    let tasks = try await fixture.tasks()
                    #expect(tasks.count == 12)
                    for task in tasks { #expect(task["state"] == "complete", "\(task)") }
                    for (number, id) in ids.enumerated() {
                        #expect(try await fixture.acode("task", "logs", id).text == "\(number + 1)\n")
                    }
                    try await supervisor.waitForWorkers(2, within: .seconds(60))
                    try await eventually("exactly two containers to be left", within: .seconds(40)) {
                        try await supervisor.containers().count == 2
                    }
                }
                let left = try await engines.api(engine).containers(label: "acode.pool=\(fixture.pool)")
                #expect(left.isEmpty)
            }
        }

        @Test("an engine that is killed and comes back later: the pool recovers", arguments: Engine.all)
        func killedAndStarted(_ engine: Engine) async throws {
            let (engines, options) = try Self.setUp()
            try await AcodeFixture.with("engine-killed-\(engine)") { fixture in
                fixture.atEnd { try await engines.control("start", engine) }
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let id = try await fixture.submitScript("echo begun; sleep 4; echo ended")
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await engines.control("kill", engine)
                    // Accepted while there is no engine; run by what is left or by what comes.
                    let later = try await fixture.submitScript("echo later")
                    try await engines.control("start", engine)
                    try await fixture.waitFor(id, state: "complete", within: .seconds(90))
                    try await fixture.waitFor(later, state: "complete", within: .seconds(90))
                    #expect(!supervisor.process.hasEnded)
                    try await supervisor.waitForWorkers(2, within: .seconds(60))
                }
                let left = try await engines.api(engine).containers(label: "acode.pool=\(fixture.pool)")
                #expect(left.isEmpty)
            }
        }

        @Test("an engine that hangs for a while: running tasks go on, the pool recovers", arguments: Engine.all)
        func paused(_ engine: Engine) async throws {
            let (engines, options) = try Self.setUp()
            let settings: [String: JSONValue] = ["workers.docker.outage.checkInterval": "200ms"]
            try await AcodeFixture.with("paused-\(engine)", settings: settings) { fixture in
                fixture.atEnd { try await engines.control("resume", engine) }
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let id = try await fixture.submitScript("echo begun; sleep 5; echo ended")
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await engines.control("pause", engine)
                    try await eventually("it to be told") {
                        try await fixture.acode("worker", "list").errorText.contains("engine can't be used since")
                    }
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(30))
                    #expect(task["attempt"] == 1)
                    // An idle warm worker needs no engine either.
                    let other = try await fixture.runScript("echo other")
                    #expect(other.text == "other\n")
                    try await engines.control("resume", engine)
                    try await eventually("the trouble to be over") {
                        try await fixture.acode("worker", "list").errorText.isEmpty
                    }
                    try await supervisor.waitForWorkers(2, within: .seconds(60))
                    #expect(try await fixture.runScript("echo after").text == "after\n")
                }
                let left = try await engines.api(engine).containers(label: "acode.pool=\(fixture.pool)")
                #expect(left.isEmpty)
            }
        }
    }
}
