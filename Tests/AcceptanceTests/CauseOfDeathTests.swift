import Foundation
import Glibc
import TestSupport
import Testing

extension Acceptance {
    /// FR-017, FR-040, FR-041: whatever ends a task, the reason says what happened, by whom, against which limit.
    ///
    /// Time-outs, cancels and shutdowns are in suites of their own, and so are engines that stop.
    @Suite(
        "Cause of death", .timeLimit(.minutes(8)),
        .sharedPools(
            on: [.docker, .podman],
            settings: [
                "workers.docker.resources.memoryMb": 64, "workers.docker.resources.pidsLimit": 30,
                "workers.docker.restart.backoff": "50ms", "workers.docker.restart.maxRestarts": 100,
                "queue.maxDeliveries": 1, "workers.statsInterval": "1s",
            ]))
    struct CauseOfDeath {
        /// What is run, what comes of it and what the reason must say. Returns the task.
        @discardableResult
        private func expect(
            _ engine: Engine, _ script: String, outcome: String, _ says: [String], options: [String] = []
        ) async throws -> JSONValue {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            let id = try await fixture.submitScript(script, options)
            return try await expectEnd(of: id, in: fixture, outcome: outcome, says)
        }

        @discardableResult
        private func expectEnd(
            of id: String, in fixture: AcodeFixture, outcome: String, _ says: [String]
        ) async throws -> JSONValue {
            let ended = try await fixture.acode("task", "wait", id, within: .seconds(60))
            let task = try await fixture.task(id)
            let reason = task["reason"].string ?? ""
            #expect(task["outcome"].string == outcome, "\(reason); \(ended.errorText)")
            for words in says { #expect(reason.contains(words), "\(reason)") }
            return task
        }

        /// Runs a script that prints "begun" and waits, does something to its worker, and looks at the end.
        @discardableResult
        private func expect(
            _ engine: Engine, _ script: String = "echo begun; sleep 600",
            when harm: (_ container: String, _ pid: Int32) async throws -> Void, outcome: String,
            _ says: [String]
        ) async throws -> JSONValue {
            let pool = try SharedPools.pool(.of(engine))
            let id = try await pool.fixture.submitScript(script)
            try await pool.fixture.waitFor(id, toPrint: "begun")
            let details = try await pool.supervisor.onlyContainer()
            try await harm(
                try #require(details["Id"].string), Int32(try #require(details["State"]["Pid"].int)))
            return try await expectEnd(of: id, in: pool.fixture, outcome: outcome, says)
        }

        @Test("the kernel kills the task at its memory limit", arguments: Engine.all)
        func memoryOfTheTask(_ engine: Engine) async throws {
            try await expect(
                engine, "exec tail /dev/zero", outcome: "oom_killed",
                ["the kernel killed a process at the memory limit of 64 MiB", "SIGKILL", "raise --memory-mb"])
        }

        @Test("the kernel kills the whole container at its memory limit", arguments: Engine.all)
        func memoryOfTheContainer(_ engine: Engine) async throws {
            // It outlives one kill for memory, which explains nothing. Then it stops offering itself, so that the kernel takes
            // the largest process: the agent.
            let task = try await expect(
                engine,
                "(tail /dev/zero); echo 0 > /proc/self/oom_score_adj; while :; do cat /bin/busybox; done > /dev/shm/fill",
                outcome: "oom_killed", ["killed the whole container at its memory limit of 40 MiB", "/dev/shm"],
                options: ["--timeout", "40s", "--memory-mb", "40"])
            // Nobody is left to tell, but the kill itself says how much it was.
            let report = task["attempts"][0]["report"]
            #expect(report["used"]["memoryPeakBytes"] == 40 << 20 && report["limits"]["memoryBytes"] == 40 << 20)
            #expect((report["suggested"]["memoryMb"].int ?? 0) >= 50, "\(report)")
            #expect((report["used"]["wallSeconds"].double ?? 0) > 0 && report["limits"]["wallSeconds"] == 40)
        }

        @Test("an earlier kill for memory does not explain somebody's kill of the container", arguments: Engine.all)
        func killedFromOutsideAfterMemory(_ engine: Engine) async throws {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            let name = "survivor-\(engine)"
            try await fixture.runScript("(tail /dev/zero); exit 0", ["--name", name]).succeeded()
            let survivor = try await fixture.task(named: name)
            #expect(survivor["reason"].string?.contains("the kernel killed a process") == true, "\(survivor)")
            let worker = try await fixture.task(survivor["id"].string ?? "")["attempts"][0]["worker"]
            let lost = try await expect(
                engine, when: { container, _ in try await engine.api.kill(container) }, outcome: "worker_lost",
                ["its container ended with exit code 137", "which acode did not send"])
            #expect(lost["attempts"][0]["worker"] == worker && worker != .null)
        }

        @Test("nor does a kill for memory that the same task outlived", arguments: Engine.all)
        func killedFromOutsideAfterItsOwnMemory(_ engine: Engine) async throws {
            try await expect(
                engine, "(tail /dev/zero); echo begun; sleep 600",
                when: { container, _ in try await engine.api.kill(container) }, outcome: "worker_lost",
                ["its container ended with exit code 137", "which acode did not send"])
        }

        @Test("what a lost attempt used is told as far as it was seen", arguments: Engine.all)
        func reportOfTheLost(_ engine: Engine) async throws {
            let supervisor = try SharedPools.pool(.of(engine)).supervisor
            let task = try await expect(
                engine, "dd if=/dev/zero of=/dev/shm/x bs=1M count=20 2>/dev/null; echo begun; sleep 600",
                when: { container, _ in
                    try await eventually("a measurement") {
                        (try await supervisor.workers().first?["usage"]["memoryBytes"].int ?? 0) > 20 << 20
                    }
                    try await engine.api.kill(container)
                }, outcome: "worker_lost", [])
            let report = task["attempts"][0]["report"]
            let used = report["used"]
            #expect((20 << 20...64 << 20).contains(used["memoryPeakBytes"].int ?? 0), "\(report)")
            #expect((used["processesPeak"].int ?? 0) >= 2 && used["cpuSeconds"].double != nil)
            #expect((used["wallSeconds"].double ?? 0) > 0.1 && report["limits"]["memoryBytes"] == 64 << 20)
            #expect((report["suggested"]["memoryMb"].int ?? 0) >= 25)
        }

        @Test("the limit of processes is named, and the outcome stays the command's", arguments: Engine.all)
        func processes(_ engine: Engine) async throws {
            try await expect(
                engine, "i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done 2>/dev/null; exit 7",
                outcome: "failed", ["refused at the limit of 30 processes", "raise --pids"])
            let enough = "i=0; while [ $i -lt 10 ]; do sleep 0.1 & i=$((i+1)); done; wait"
            let run = try await SharedPools.pool(.of(engine)).fixture.runScript(enough, ["--name", "few"])
            #expect(run.code == 0)
            let task = try await SharedPools.pool(.of(engine)).fixture.task(named: "few")
            #expect(task["reason"] == "exited with code 0")
        }

        @Test("somebody on the host kills the command", arguments: Engine.all)
        func commandKilledFromOutside(_ engine: Engine) async throws {
            try await expect(
                engine,
                when: { _, agent in
                    let children = try String(contentsOfFile: "/proc/\(agent)/task/\(agent)/children", encoding: .utf8)
                    kill(try #require(children.split(separator: " ").first.flatMap { Int32($0) }), SIGKILL)
                }, outcome: "failed",
                ["SIGKILL", "which acode did not send", "the memory limit does not explain", "somebody on the host"])
        }

        @Test("somebody kills the container", arguments: Engine.all)
        func containerKilledFromOutside(_ engine: Engine) async throws {
            try await expect(
                engine, when: { container, _ in try await engine.api.kill(container) }, outcome: "worker_lost",
                ["its container ended with exit code 137", "which acode did not send"])
        }

        @Test("somebody removes the container", arguments: Engine.all)
        func containerRemovedFromOutside(_ engine: Engine) async throws {
            try await expect(
                engine, when: { container, _ in try await engine.api.remove(container) }, outcome: "worker_lost",
                // Docker asks the agent to end before it kills it, which the agent tells.
                engine == .docker ? ["stopped from outside"] : ["which acode did not send"])
        }

        @Test("somebody stops the container", arguments: Engine.all)
        func containerStoppedFromOutside(_ engine: Engine) async throws {
            try await expect(
                engine,
                when: { container, _ in _ = try await engine.api.call("POST", "/containers/\(container)/stop?t=5") },
                outcome: "worker_lost", ["stopped from outside, with its engine", "SIGTERM"])
        }

        @Test("the time-out is named with its length", arguments: Engine.all)
        func timeout(_ engine: Engine) async throws {
            try await expect(
                engine, "exec sleep 60", outcome: "timed_out",
                ["ran longer than its time-out of 1 s, so acode stopped it", "SIGTERM", "--timeout"],
                options: ["--timeout", "1s"])
        }

        @Test("a file that is no program", arguments: Engine.all)
        func execFormat(_ engine: Engine) async throws {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            let bad = "/usr/local/bin/not-a-program"
            let id = try await fixture.submit([], [bad])
            try await expectEnd(
                of: id, in: fixture, outcome: "start_failed",
                ["could not be started", bad, "Exec format error", "no program for this machine's processor"])
        }

        @Test(
            "what the image can't run is named with its cause and the fix", arguments: Engine.all,
            [
                ["no-such-program", "command not found", "name a program that is in the image"],
                ["/etc/passwd", "Permission denied", "must be executable for the worker's user"],
            ])
        func imageCanNotRunIt(_ engine: Engine, _ expected: [String]) async throws {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            let id = try await fixture.submit([], [expected[0]])
            try await expectEnd(of: id, in: fixture, outcome: "start_failed", expected)
        }

        @Test("a working directory that the image has not", arguments: Engine.all)
        func noSuchDirectory(_ engine: Engine) async throws {
            try await expect(
                engine, "true", outcome: "start_failed",
                ["working directory /no/such/place", "No such file or directory", "--workdir"],
                options: ["--workdir", "/no/such/place"])
        }
    }
}
