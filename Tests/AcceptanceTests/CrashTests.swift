import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-075, K-4, R-2, NFR-006: a supervisor that dies without a word.
    @Suite("Crash of the supervisor", .timeLimit(.minutes(3)))
    struct Crash {
        @Test("after SIGKILL the next start reaps what is left of local workers and the tasks finish once")
        func killed() async throws {
            let backend = Backend.local
            // The lease is long, so that only the clean-up at the start can have given the task back.
            let settings: [String: JSONValue] = ["queue.lease": "10m", "queue.heartbeat": "10s"]
            try await AcodeFixture.with("killed-\(backend)", settings: settings) { fixture in
                let mark = "8765\(UInt16.random(in: 1000...9999))"
                var id = ""
                try await fixture.withSupervisor(backend, PoolOptions(count: 2)) { supervisor in
                    id = try await fixture.submitScript(
                        "[ $ACODE_ATTEMPT = 1 ] || { echo finished; exit 0; }; echo begun; sleep \(mark)")
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                }
                #expect(try await fixture.task(id)["state"] == "inProgress")
                try await fixture.withSupervisor(backend, PoolOptions(count: 2)) { supervisor in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 2)
                    #expect(task["failures"] == 0)
                    #expect(try await fixture.acode("task", "logs", id).text == "finished\n")
                    try await eventually("the first attempt's process to be gone") {
                        ProcessTable.mentioning("sleep\0\(mark)").isEmpty
                    }
                }
            }
        }

        @Test("what local tasks hid from their supervisor is found after its death")
        func hiddenProcesses() async throws {
            try await AcodeFixture.with { fixture in
                let mark = "8766\(UInt16.random(in: 1000...9999))"
                // However the test ends: this must not stay.
                fixture.atEnd { for pid in ProcessTable.mentioning("sleep\0\(mark)") { kill(pid, SIGKILL) } }
                try await fixture.withSupervisor(.local) { supervisor in
                    let id = try await fixture.submitScript(
                        "(setsid env -i sleep \(mark) &) ; (setsid sleep \(mark) &); echo begun; sleep \(mark)",
                        ["--retries", "0"])
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await eventually("three sleepers") { ProcessTable.mentioning("sleep\0\(mark)").count >= 3 }
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                    try await fixture.acode("task", "cancel", id).succeeded()
                }
                try await fixture.withSupervisor(.local) { _ in
                    try await eventually("all sleepers to be gone", within: .seconds(10)) {
                        ProcessTable.mentioning("sleep\0\(mark)").isEmpty
                    }
                }
            }
        }

        @Test("another pool of the same host takes over when the lease has run out", arguments: [Backend.local])
        func otherPoolTakesOver(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = [
                "queue.lease": "3s", "queue.heartbeat": "500ms", "queue.sweepInterval": "500ms",
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                var id = ""
                try await fixture.withSupervisor(backend) { supervisor in
                    id = try await fixture.submitScript(
                        "[ $ACODE_ATTEMPT = 1 ] || { echo finished; exit 0; }; echo begun; sleep 600")
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                }
                var other = PoolOptions()
                other.pool = "t-\(fixture.id)-b"
                try await fixture.withSupervisor(backend, other) { _ in
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(20))
                    #expect(task["attempt"] == 2)
                    // the order is that of what happened, also over two supervisors.
                    let events = try await fixture.json("task", "events", id).elements
                    #expect(
                        events.compactMap { $0["kind"].string } == [
                            "submitted", "claimed", "started", "requeued:stale", "claimed", "started", "completed",
                        ])
                    #expect(events.map { $0["attempt"] } == [0, 1, 1, 1, 2, 2, 2])
                    let sequences = events.compactMap { $0["sequence"].int }
                    #expect(sequences == Array(Set(sequences)).sorted())
                }
                // The pool's own next start clears up after the first supervisor.
                try await fixture.withSupervisor(backend) { _ in
                    let left = ProcessTable.mentioning(fixture.runtimeDirectory + "/" + fixture.pool).filter {
                        ProcessTable.arguments($0).contains("600")
                    }
                    #expect(left.isEmpty)
                }
            }
        }

        @Test("a supervisor that was frozen for longer than its lease can't overwrite what another did")
        func frozen() async throws {
            let settings: [String: JSONValue] = [
                "queue.lease": "3s", "queue.heartbeat": "500ms", "queue.sweepInterval": "500ms",
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                try await fixture.withSupervisor(.local) { first in
                    let go = "\(fixture.scratch)/go"
                    let id = try await fixture.submitScript(
                        "[ $ACODE_ATTEMPT = 1 ] || { echo from the second; exit 0; };"
                            + " echo begun; until [ -e \(go) ]; do sleep 0.05; done; exit 9")
                    try await fixture.waitFor(id, toPrint: "begun")
                    first.process.send(SIGSTOP)
                    var other = PoolOptions()
                    other.pool = "t-\(fixture.id)-b"
                    try await fixture.withSupervisor(.local, other) { _ in
                        try await fixture.waitFor(id, state: "complete", within: .seconds(20))
                    }
                    // The first attempt ends while its supervisor sleeps; the report waits for it.
                    try fixture.write("", to: go)
                    first.process.send(SIGCONT)
                    try await eventually("the first supervisor to be idle again") {
                        try await first.workers().contains { $0["status"] == "idle" }
                    }
                    let task = try await fixture.task(id)
                    #expect(task["state"] == "complete" && task["outcome"] == "succeeded" && task["attempt"] == 2)
                    #expect(task["exitCode"] == 0)
                    let attempts = task["attempts"].elements
                    #expect(attempts.count == 2)
                    #expect(attempts.first?["outcome"] != "failed", "\(attempts)")
                    #expect(try await fixture.runScript("echo unharmed").text == "unharmed\n")
                }
            }
        }

        @Test("supervisors that are killed again and again leak nothing", arguments: Engine.all)
        func killedRepeatedly(_ engine: Engine) async throws {
            try await AcodeFixture.with("killed-often-\(engine)") { fixture in
                var options = PoolOptions(count: 2)
                options.waitsForWorkers = false
                // At moments that differ: while containers are made, started, and ready.
                for round in 0..<5 {
                    try await fixture.withSupervisor(.of(engine), options) { supervisor in
                        try await eventually(
                            "a moment of round \(round)", within: .seconds(30), every: .milliseconds(5)
                        ) {
                            let made = try await supervisor.containers().count
                            return made >= min(round, 2)
                        }
                        supervisor.process.send(SIGKILL)
                        try await supervisor.process.waitForEnd(within: .seconds(5))
                    }
                }
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 2)) { supervisor in
                    let left = try await supervisor.containers()
                    #expect(left.count == 2)
                }
            }
        }
    }
}
