import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// K-4, O-3: `worker logs --follow` outlives the supervisor.
    @Suite("Following a worker", .timeLimit(.minutes(5)))
    struct WorkerFollow {
        private static let steady = "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; sleep 0.02; done"
        private static let lines = (1...400).map { "line \($0)\n" }.joined()

        @Test("over a handoff, and over SIGKILL and another start: each line once", arguments: Engine.all)
        func overRestarts(_ engine: Engine) async throws {
            try await AcodeFixture.with("follow-\(engine)") { fixture in
                var next = PoolOptions()
                next.flags += ["--handoff"]
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let id = try #require(try await fixture.workers().first?["id"].string)
                    let task = try await fixture.submitScript(Self.steady)
                    let plan = fixture.plan(["worker", "logs", "-f", id])
                    let (_, ending) = try await ChildProcess.with(
                        plan, logs: fixture.logs, stop: SIGINT, grace: .seconds(5)
                    ) { follower in
                        try await eventually("the first lines") { follower.output.text.contains("line 40\n") }
                        try await fixture.withSupervisor(.of(engine), next) { second in
                            try await eventually("lines of the second") {
                                follower.output.text.contains("line 160\n")
                            }
                            second.process.send(SIGKILL)
                            try await second.process.waitForEnd(within: .seconds(10))
                        }
                        try await eventually("the loss to be told") { follower.errorText.contains("no supervisor now") }
                        try await fixture.withSupervisor(.of(engine)) { _ in
                            #expect(try await fixture.waitFor(task, state: "complete")["attempt"] == 1)
                            try await eventually("the last line") { follower.output.text.contains("line 400\n") }
                            // Its end is the worker's, not the supervisor's.
                            #expect(!follower.hasEnded)
                            let tail = try await fixture.acode("worker", "logs", "-n", "2", id)
                            #expect(tail.text.hasSuffix("line 400\n"))
                        }
                        try await follower.waitForEnd(within: .seconds(10))
                    }
                    #expect(ending.process.code == 0, "\(ending.process)")
                    #expect(ending.process.text == Self.lines, "\(ending.process)")
                    #expect(ending.process.errorText.contains("has a supervisor again"), "\(ending.process)")
                    #expect(ending.process.errorText.contains("the worker \(id) is gone"), "\(ending.process)")
                }
            }
        }

        @Test("a tail, then what follows; a worker that is replaced is told", arguments: Backend.all)
        func replaced(_ backend: Backend) async throws {
            try await AcodeFixture.with("follow-replaced-\(backend)") { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let id = try #require(try await fixture.workers().first?["id"].string)
                    try await fixture.runScript("seq 1 20").succeeded()
                    let plan = fixture.plan(["worker", "logs", "-f", "-n", "2", "--since", "1h", id])
                    let (_, ending) = try await ChildProcess.with(
                        plan, logs: fixture.logs, stop: SIGINT, grace: .seconds(5)
                    ) { follower in
                        try await eventually("the tail") { follower.output.text.contains("20\n") }
                        // Its worker is replaced because it fails.
                        #expect(try await fixture.runScript("echo last words; exit 3").code == 3)
                        try await follower.waitForEnd(within: .seconds(10))
                    }
                    #expect(ending.process.code == 0)
                    #expect(ending.process.text == "19\n20\nlast words\n", "\(ending.process)")
                    #expect(ending.process.errorText == "acode: the worker \(id) is gone\n")
                }
            }
        }

        @Test("local workers end with their supervisor, which the next one makes known")
        func local() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local) { supervisor in
                    let id = try #require(try await fixture.workers().first?["id"].string)
                    let task = try await fixture.submitScript("echo begun; sleep 600", ["--retries", "0"])
                    let plan = fixture.plan(["worker", "logs", "-f", id])
                    let (_, ending) = try await ChildProcess.with(
                        plan, logs: fixture.logs, stop: SIGINT, grace: .seconds(5)
                    ) { follower in
                        try await eventually("its words") { follower.output.text == "begun\n" }
                        supervisor.process.send(SIGKILL)
                        try await supervisor.process.waitForEnd(within: .seconds(5))
                        try await eventually("the loss to be told") { follower.errorText.contains("no supervisor now") }
                        try await fixture.acode("task", "cancel", task).succeeded()
                        try await fixture.withSupervisor(.local) { _ in
                            try await follower.waitForEnd(within: .seconds(10))
                        }
                    }
                    #expect(ending.process.code == 0)
                    #expect(ending.process.text == "begun\n")
                    #expect(ending.process.errorText.hasSuffix("the worker \(id) is gone\n"), "\(ending.process)")
                }
            }
        }
    }
}
