import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// K-4, NFR-006, FR-075: a supervisor dies, its containers do not.
    @Suite("Adoption after a crash", .timeLimit(.minutes(5)))
    struct Adoption {
        /// Prints `line 1` to `line N`, a few dozen a second.
        private static func steady(_ lines: Int) -> String {
            "i=0; while [ $i -lt \(lines) ]; do i=$((i+1)); echo line $i; sleep 0.02; done"
        }

        private static func lines(_ count: Int) -> String { (1...count).map { "line \($0)\n" }.joined() }

        private static func ids(_ supervisor: SupervisorProcess) async throws -> Set<String> {
            Set(try await supervisor.containers().compactMap { $0["Id"].string })
        }

        /// Kills the supervisor without a word.
        private static func crash(_ supervisor: SupervisorProcess) async throws {
            supervisor.process.send(SIGKILL)
            try await supervisor.process.waitForEnd(within: .seconds(10))
        }

        /// Makes a directory that every container sees as `/shared`.
        private static func share(_ fixture: AcodeFixture) throws -> String {
            let shared = try fixture.openDirectory("shared")
            let mounts: JSONValue = [["source": .string(shared), "target": "/shared"]]
            try fixture.write(
                try JSONValue.object(["workers": ["docker": ["mounts": mounts]]]).encoded(), to: fixture.configuration)
            return shared
        }

        private static func kinds(_ fixture: AcodeFixture, _ id: String) async throws -> [String] {
            try await fixture.json("task", "events", id).elements.compactMap { $0["kind"].string }
        }

        @Test("a running task goes on and ends once, with all its output", arguments: Engine.all)
        func runningTask(_ engine: Engine) async throws {
            try await AcodeFixture.with("adopt-running-\(engine)") { fixture in
                var id = ""
                var before: Set<String> = []
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 2)) { supervisor in
                    before = try await Self.ids(supervisor)
                    id = try await fixture.submitScript(Self.steady(250))
                    try await fixture.waitFor(id, toPrint: "line 40\n")
                    try await Self.crash(supervisor)
                }
                #expect(try await fixture.task(id)["state"] == "inProgress")
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 2)) { supervisor in
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["attempt"] == 1)
                    #expect(task["outcome"] == "succeeded")
                    #expect(task["attempts"].elements.count == 1)
                    #expect(try await fixture.acode("task", "logs", id).text == Self.lines(250))
                    let kinds = try await Self.kinds(fixture, id)
                    #expect(kinds.count { $0 == "adopted" } == 1)
                    #expect(kinds.count { $0 == "started" } == 1)
                    #expect(kinds.count { $0 == "completed" } == 1)
                    #expect(try await Self.ids(supervisor) == before)
                    // The worker takes the next task as if nothing had been.
                    #expect(try await fixture.runScript("echo next").text == "next\n")
                }
            }
        }

        @Test(
            "killed in the middle of its shutdown: exit code 0 after the SIGTERM is no success for who takes over",
            arguments: Engine.all)
        func shutdownCutShort(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["workers.shutdownTimeout": "100ms", "workers.stopTimeout": "20s"]
            try await AcodeFixture.with("adopt-shutdown-\(engine)", settings: settings) { fixture in
                var id = ""
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    id = try await fixture.submitScript(
                        "[ $ACODE_ATTEMPT = 1 ] || { echo again; exit 0; }; "
                            + "trap 'echo asked; sleep 2; exit 0' TERM; echo begun; while :; do sleep 0.05; done")
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGTERM)
                    try await fixture.waitFor(id, toPrint: "asked")
                    try await Self.crash(supervisor)
                }
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 2 && task["failures"] == 0 && task["interruptions"] == 1, "\(task)")
                    let first = task["attempts"][0]
                    #expect(first["outcome"] == "interrupted" && first["exitCode"] == 0, "\(first)")
                }
            }
        }

        @Test("crashes again and again lose and repeat no byte", arguments: Engine.all)
        func crashesInARow(_ engine: Engine) async throws {
            try await AcodeFixture.with("adopt-in-a-row-\(engine)") { fixture in
                var id = ""
                for round in 1...4 {
                    try await fixture.withSupervisor(.of(engine)) { supervisor in
                        if id.isEmpty { id = try await fixture.submitScript(Self.steady(300)) }
                        try await fixture.waitFor(id, toPrint: "line \(round * 40)\n")
                        try await Self.crash(supervisor)
                    }
                }
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["attempt"] == 1)
                    #expect(try await fixture.acode("task", "logs", id).text == Self.lines(300))
                }
            }
        }

        @Test("what ended while nobody was there is recorded with its code and output", arguments: Engine.all)
        func endedMeanwhile(_ engine: Engine) async throws {
            try await AcodeFixture.with("adopt-ended-\(engine)") { fixture in
                let mark = "3.\(UInt16.random(in: 1000...9999))"
                var id = ""
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    id = try await fixture.submitScript("echo begun; sleep \(mark); echo over; exit 7")
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await Self.crash(supervisor)
                }
                try await eventually("the command's end") { ProcessTable.mentioning("sleep\0\(mark)").isEmpty }
                #expect(try await fixture.task(id)["state"] == "inProgress")
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let task = try await fixture.waitFor(id, state: "error")
                    #expect(task["attempt"] == 1)
                    #expect(task["exitCode"] == 7)
                    #expect(try await fixture.acode("task", "logs", id).text == "begun\nover\n")
                }
            }
        }

        @Test("idle workers are taken over, however many there are to be", arguments: Engine.all)
        func idleWorkers(_ engine: Engine) async throws {
            try await AcodeFixture.with("adopt-idle-\(engine)") { fixture in
                var before: Set<String> = []
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 3)) { supervisor in
                    before = try await Self.ids(supervisor)
                    try await Self.crash(supervisor)
                }
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 3)) { supervisor in
                    #expect(try await Self.ids(supervisor) == before)
                    for id in try await supervisor.workers().compactMap({ $0["id"].string }) {
                        let table = try await fixture.acode("worker", "inspect", "--security", id)
                        #expect(table.code == 0, "\(table)")
                        #expect(table.text.contains("Everything that was wanted and can be seen is in force."))
                    }
                    #expect(try await fixture.runScript("echo $ACODE_ATTEMPT").text == "1\n")
                    try await Self.crash(supervisor)
                }
                // A smaller pool keeps what it needs, and only of them.
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 1)) { supervisor in
                    try await eventually("one container") { try await Self.ids(supervisor).count == 1 }
                    #expect(try await Self.ids(supervisor).isSubset(of: before))
                }
            }
        }

        @Test("a worker made by other settings finishes its task and is replaced", arguments: Engine.all)
        func changedSettings(_ engine: Engine) async throws {
            try await AcodeFixture.with("adopt-changed-\(engine)") { fixture in
                var id = ""
                var before: Set<String> = []
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    before = try await Self.ids(supervisor)
                    id = try await fixture.submitScript(Self.steady(150))
                    try await fixture.waitFor(id, toPrint: "line 5\n")
                    try await Self.crash(supervisor)
                }
                var options = PoolOptions()
                options.environment["ACODE_WORKERS_DOCKER_RESOURCES_MEMORY_MB"] = "96"
                options.environment["ACODE_WORKERS_DOCKER_ULIMITS_NOFILE"] = "512"
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let old = try #require(try await fixture.task(id)["worker"].string)
                    let table = try await fixture.acode("worker", "inspect", "--security", old)
                    #expect(table.code == 0 && table.text.contains("made by other settings"), "\(table)")
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["attempt"] == 1)
                    #expect(try await fixture.acode("task", "logs", id).text == Self.lines(150))
                    try await eventually("a new worker in place of the old one", within: .seconds(40)) {
                        let now = try await Self.ids(supervisor)
                        return now.count == 1 && now.isDisjoint(with: before)
                    }
                    #expect(try await supervisor.onlyContainer()["HostConfig"]["Memory"] == .number(Double(96 << 20)))
                }
            }
        }

        @Test("output that does not fit into the agent's memory is counted and marked", arguments: Engine.all)
        func overflow(_ engine: Engine) async throws {
            try await AcodeFixture.with("adopt-overflow-\(engine)") { fixture in
                let shared = try Self.share(fixture)
                let mark = "2.\(UInt16.random(in: 1000...9999))"
                var id = ""
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    id = try await fixture.submitScript(
                        "echo begun; until [ -e /shared/go ]; do sleep 0.05; done; "
                            + "head -c 6000000 /dev/zero | tr '\\0' x; sleep \(mark); echo; echo over")
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await Self.crash(supervisor)
                }
                try fixture.write("", to: "\(shared)/go")
                try await eventually("all to be written") { !ProcessTable.mentioning("sleep\0\(mark)").isEmpty }
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 1)
                    let log = try await fixture.acode("task", "logs", id)
                    let kept = log.text.count { $0 == "x" }
                    #expect(kept > 1_000_000)
                    #expect(log.text.hasSuffix("x\nover\n"))
                    let marker = "[acode: \(6_000_000 - kept) bytes of output are missing here"
                    #expect(log.errorText.contains(marker), "\(kept) bytes kept; \(log.errorText.suffix(300))")
                }
            }
        }

        @Test(
            "nobody comes before the lease is over: the command is killed first, then runs anew", arguments: Engine.all)
        func staleLease(_ engine: Engine) async throws {
            try await AcodeFixture.with("adopt-stale-\(engine)") { fixture in
                let shared = try Self.share(fixture)
                var options = PoolOptions()
                options.environment = [
                    "ACODE_QUEUE_LEASE": "4s", "ACODE_QUEUE_HEARTBEAT": "500ms", "ACODE_QUEUE_SWEEP_INTERVAL": "500ms",
                ]
                var id = ""
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    id = try await fixture.submitScript(
                        "[ $ACODE_ATTEMPT = 1 ] || { echo second >> /shared/trace; exit 0; }; "
                            + "while :; do echo first >> /shared/trace; sleep 0.05; done")
                    try await eventually("the first attempt") {
                        FileManager.default.fileExists(atPath: "\(shared)/trace")
                    }
                    try await Self.crash(supervisor)
                }
                // Another pool of the same store takes the task when its lease is over.
                var other = options
                other.pool = "t-\(fixture.id)-b"
                try await fixture.withSupervisor(.of(engine), other) { _ in
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(40))
                    #expect(task["attempt"] == 2)
                    let trace = try String(contentsOfFile: "\(shared)/trace", encoding: .utf8).split(separator: "\n")
                    #expect(trace.count { $0 == "second" } == 1)
                    #expect(trace.last == "second", "the first attempt wrote after the second had begun")
                }
                // Nothing of the first pool is left that could write.
                try await fixture.withSupervisor(.of(engine), options) { _ in
                    let trace = try String(contentsOfFile: "\(shared)/trace", encoding: .utf8)
                    #expect(trace.hasSuffix("second\n"))
                }
            }
        }
    }
}
