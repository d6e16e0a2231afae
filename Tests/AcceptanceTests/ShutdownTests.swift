import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// R-10, K-3, NFR-002: every way a supervisor is asked to end.
    @Suite("Shutdown", .timeLimit(.minutes(3)))
    struct Shutdown {
        @Test("SIGTERM lets running tasks finish, starts no more, and exits 0", arguments: Backend.all)
        func drains(_ backend: Backend) async throws {
            try await AcodeFixture.with("drains-\(backend)") { fixture in
                var running = "", waiting = ""
                let end = try await fixture.withSupervisor(backend) { supervisor in
                    running = try await fixture.submitScript("echo begun; sleep 2; echo ended; exit 3")
                    try await fixture.waitFor(running, toPrint: "begun")
                    waiting = try await fixture.submitScript("true")
                    supervisor.process.send(SIGTERM)
                    try await eventually("a word on what it waits for") {
                        supervisor.process.errorText.lowercased().contains("second")
                    }
                    try await supervisor.process.waitForEnd(within: .seconds(20))
                }
                #expect(end.code == 0)
                let first = try await fixture.task(running)
                #expect(first["state"] == "error" && first["exitCode"] == 3 && first["outcome"] == "failed")
                #expect(try await fixture.acode("task", "logs", running).text == "begun\nended\n")
                let second = try await fixture.task(waiting)
                #expect(second["state"] == "enqueued" && second["attempt"] == 0)
            }
        }

        @Test(
            "Q-3: what is not done within the limit is interrupted and runs again later, whatever code it exits with",
            arguments: Backend.all)
        func interrupts(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = ["workers.shutdownTimeout": "1s", "workers.stopTimeout": "1s"]
            try await AcodeFixture.with("interrupts-\(backend)", settings: settings) { fixture in
                var id = ""
                let end = try await fixture.withSupervisor(backend) { supervisor in
                    id = try await fixture.submitScript(
                        "[ $ACODE_ATTEMPT = 1 ] || { echo resumed; exit 0; }; "
                            // Like a program that cleans up after itself with half of its work done.
                            + "trap 'exit 0' TERM; echo begun; while :; do sleep 0.05; done")
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGTERM)
                    try await supervisor.process.waitForEnd(within: .seconds(15))
                }
                #expect(end.code == 0)
                let interrupted = try await fixture.task(id)
                #expect(interrupted["state"] == "enqueued" || interrupted["state"] == "pending")
                #expect(interrupted["outcome"] == "interrupted" && interrupted["exitCode"] == 0)
                #expect(
                    interrupted["reason"].string?.contains("exited with code 0 after acode's SIGTERM") == true,
                    "\(interrupted)")
                #expect(interrupted["failures"] == 0 && interrupted["interruptions"] == 1)
                let last = try await fixture.json("task", "events", id).elements.last ?? .null
                #expect(last["kind"] == "abandoned" && last["attempt"] == 1, "\(last)")
                try await fixture.withSupervisor(backend) { _ in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 2)
                    #expect(try await fixture.acode("task", "logs", id).text == "resumed\n")
                }
            }
        }

        @Test("a second signal forces the end at once, and the task goes back", arguments: Backend.all)
        func secondSignal(_ backend: Backend) async throws {
            try await AcodeFixture.with("second-\(backend)") { fixture in
                var id = ""
                var options = PoolOptions()
                options.mayFail = true
                try await fixture.withSupervisor(backend, options) { supervisor in
                    id = try await fixture.submitScript("trap '' TERM; echo begun; while :; do sleep 0.1; done")
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGINT)
                    try await eventually("a word on what it waits for") {
                        supervisor.process.errorText.lowercased().contains("second")
                    }
                    #expect(!supervisor.process.hasEnded)
                    let forced = ContinuousClock.now
                    supervisor.process.send(SIGINT)
                    try await supervisor.process.waitForEnd(within: .seconds(10))
                    #expect(ContinuousClock.now - forced < .seconds(8))
                }
                let task = try await fixture.task(id)
                #expect(task["state"] == "enqueued" || task["state"] == "pending")
                #expect(task["outcome"] == "interrupted")
            }
        }

        @Test("`worker stop` ends the supervisor and returns when it is gone", arguments: Backend.all)
        func workerStop(_ backend: Backend) async throws {
            try await AcodeFixture.with("stop-\(backend)") { fixture in
                try await fixture.withSupervisor(backend, PoolOptions(count: 2)) { supervisor in
                    try await fixture.acode("worker", "stop").succeeded()
                    #expect(try await supervisor.containers().isEmpty)
                    try await supervisor.process.waitForEnd(within: .seconds(2))
                }
            }
        }

        @Test("`worker drain` finishes what runs, however long, and then ends", arguments: Backend.all)
        func workerDrain(_ backend: Backend) async throws {
            try await AcodeFixture.with(
                "drain-\(backend)", settings: ["workers.shutdownTimeout": "100ms"]
            ) { fixture in
                var id = ""
                try await fixture.withSupervisor(backend) { supervisor in
                    id = try await fixture.submitScript("echo begun; sleep 2; echo ended")
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await fixture.acode("worker", "drain").succeeded()
                    try await supervisor.process.waitForEnd(within: .seconds(20))
                }
                #expect(try await fixture.task(id)["state"] == "complete")
            }
        }

        @Test("an idle pool of four stops within a second and a bit", arguments: Backend.all)
        func stopsQuickly(_ backend: Backend) async throws {
            try await AcodeFixture.with("quick-\(backend)") { fixture in
                var asked = ContinuousClock.now
                var took = Duration.zero
                try await fixture.withSupervisor(backend, PoolOptions(count: 4)) { supervisor in
                    asked = .now
                    supervisor.process.send(SIGTERM)
                    try await supervisor.process.waitForEnd(within: .seconds(20))
                    took = .now - asked
                }
                // The bar is 1 s on an idle machine; this one runs tests.
                #expect(took < .seconds(4), "\(took)")
            }
        }
    }
}
