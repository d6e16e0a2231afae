import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Tasks that are ended from outside.
    @Suite("Cancel and time-out", .timeLimit(.minutes(3)), .sharedPools(settings: ["workers.stopTimeout": "1s"]))
    struct Cancel {
        @Test("a running task is stopped, with all it started", arguments: Backend.all)
        func running(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let mark = "7654\(UInt16.random(in: 1000...9999))"
            let id = try await fixture.submitScript("sleep \(mark) & setsid sleep \(mark) & echo begun; wait")
            try await fixture.waitFor(id, toPrint: "begun")
            try await fixture.acode("task", "cancel", id).succeeded()
            // At once, not at the next heartbeat.
            let task = try await fixture.waitFor(id, state: "cancelled", within: .seconds(6))
            #expect(task["outcome"] == "cancelled")
            #expect(task["reason"].string?.hasPrefix("cancelled") == true)
            #expect(task["finishedAt"].date != nil)
            try await eventually("its processes to be gone") { ProcessTable.mentioning("sleep\0\(mark)").isEmpty }
            #expect(try await fixture.runScript("echo next").text == "next\n")
        }

        @Test("a task that ignores SIGTERM is killed after the grace", arguments: Backend.all)
        func stubborn(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let id = try await fixture.submitScript("trap 'echo no' TERM; echo begun; while :; do sleep 0.1; done")
            try await fixture.waitFor(id, toPrint: "begun")
            let asked = ContinuousClock.now
            try await fixture.acode("task", "cancel", id).succeeded()
            let task = try await fixture.waitFor(id, state: "cancelled", within: .seconds(10))
            #expect(ContinuousClock.now - asked >= .milliseconds(900))
            #expect(task["exitCode"] == 137)
            #expect(try await fixture.acode("task", "logs", id).text.contains("no\n"))
        }

        @Test("a waiting task is cancelled and never runs", arguments: Backend.all)
        func waiting(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let blocker = try await fixture.submitScript("echo begun; sleep 600")
            try await fixture.waitFor(blocker, toPrint: "begun")
            let waiting = try await fixture.submitScript("echo never")
            try await fixture.acode("task", "cancel", waiting, blocker).succeeded()
            let task = try await fixture.waitFor(waiting, state: "cancelled")
            #expect(task["attempt"] == 0)
            #expect(task["startedAt"] == JSONValue.null)
            try await fixture.waitFor(blocker, state: "cancelled")
            #expect(try await fixture.acode("task", "logs", waiting).output.isEmpty)
        }

        @Test("a task longer than its time-out is stopped and says so", arguments: Backend.all)
        func timeout(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let run = try await fixture.submitAndWait(
                ["--timeout", "1500ms", "--name", "slow"], ["sh", "-c", "echo begun; sleep 600"])
            #expect(run.text == "begun\n")
            #expect(run.code != 0)
            let task = try await fixture.task(named: "slow")
            #expect(task["state"] == "error")
            #expect(task["outcome"] == "timed_out")
            #expect(task["reason"].string?.contains("time-out of 1.5 s") == true)
            #expect(run.errorText.contains("time-out of 1.5 s"))
        }

        @Test("a finished task can't be cancelled", arguments: [Backend.local])
        func finished(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let id = try await fixture.submitScript("true")
            try await fixture.waitFor(id, state: "complete")
            let cancel = try await fixture.acode("task", "cancel", id)
            #expect(cancel.code == 1)
            #expect((cancel.text + cancel.errorText).contains("had ended before (complete)"))
            #expect(try await fixture.task(id)["state"] == "complete")
        }

        @Test("Ctrl-C ends the waiting, says the id and leaves the task", arguments: [Backend.local])
        func interruptedWait(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let plan = fixture.plan(
                ["task", "submit", "--wait", "--name", "left", "--", "sh", "-c", "echo begun; sleep 2; echo done"])
            let (_, ending) = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(5)) { process in
                try await eventually("output") { process.output.text == "begun\n" }
                process.send(SIGINT)
                try await process.waitForEnd(within: .seconds(5))
            }
            #expect(ending.process.code == 130)
            let task = try await fixture.task(named: "left")
            let id = try #require(task["id"].string)
            #expect(ending.process.errorText.contains(id))
            try await fixture.waitFor(id, state: "complete")
        }
    }
}
