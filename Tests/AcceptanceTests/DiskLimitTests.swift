import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-035, FR-036: a task that fills the disk is killed, wherever it writes, and its outcome says so.
    @Suite(
        "Disk limit", .timeLimit(.minutes(5)),
        .sharedPools(on: [.docker, .podman], settings: ["workers.docker.resources.diskMb": 60]))
    struct DiskLimit {
        private func end(
            _ engine: Engine, _ script: String, _ options: [String] = []
        ) async throws -> JSONValue {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            let id = try await fixture.submitScript(script, ["--timeout", "60s"] + options)
            _ = try await fixture.acode("task", "wait", id, within: .seconds(70))
            return try await fixture.task(id)
        }

        @Test(
            "in the working directory, in the container's own files, and in many small files", arguments: Engine.all,
            [
                "dd if=/dev/zero of=/workspace/big bs=1M count=80 2>/dev/null; sleep 50",
                "mkdir -p /tmp/a/b; for f in a/b/one two; do dd if=/dev/zero of=/tmp/$f bs=1M count=40; done 2>&1; sleep 50",
                "cd /workspace; for i in $(seq 700); do dd if=/dev/zero of=$i bs=100k count=1; done 2>/dev/null; sleep 50",
            ])
        func killed(_ engine: Engine, _ script: String) async throws {
            let task = try await end(engine, script)
            #expect(task["outcome"] == "disk_limit_exceeded" && task["exitCode"] == 137, "\(task["reason"])")
            let reason = task["reason"].string ?? ""
            #expect(reason.contains("acode killed it at its disk limit of 60 MiB"), "\(reason)")
            #expect(reason.contains("raise --disk-mb"))
            let report = task["attempts"][0]["report"]
            #expect((report["used"]["diskPeakBytes"].int ?? 0) > 60 << 20, "\(report)")
            #expect(report["limits"]["diskBytes"] == 60 << 20)
            // What filled the disk is gone with its worker.
            let next = try await SharedPools.pool(.of(engine)).fixture.runScript("ls /workspace /tmp")
            #expect(next.code == 0 && !next.text.contains("big") && !next.text.contains("two"), "\(next.text)")
        }

        @Test("a task may ask for less", arguments: Engine.all)
        func less(_ engine: Engine) async throws {
            let task = try await end(
                engine, "dd if=/dev/zero of=/workspace/x bs=1M count=30; sleep 50", ["--disk-mb", "20"])
            #expect(task["outcome"] == "disk_limit_exceeded")
            #expect(task["reason"].string?.contains("limit of 20 MiB") == true)
        }

        @Test("close to the limit it is told", arguments: Engine.all)
        func warned(_ engine: Engine) async throws {
            let task = try await end(engine, "dd if=/dev/zero of=/workspace/x bs=1M count=57; sleep 4")
            #expect(task["outcome"] == "succeeded", "\(task["reason"])")
            let id = try #require(task["id"].string)
            let events = try await SharedPools.pool(.of(engine)).fixture.json("task", "events", id).elements
            let warnings = events.filter { $0["kind"] == "usage_high" }.compactMap { $0["message"].string }
            #expect(warnings.count == 1 && warnings[0].contains("disk use is high: 95 % of the limit, 57 of 60 MiB"))
        }

        @Test("what was written before the supervisor's crash counts after it", arguments: Engine.all)
        func adopted(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["workers.docker.resources.diskMb": 60]
            try await AcodeFixture.with("disk-adopted-\(engine)", settings: settings) { fixture in
                var id = ""
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    id = try await fixture.submitScript(
                        """
                        dd if=/dev/zero of=/tmp/a bs=1M count=40; echo begun
                        until [ -e /workspace/go ]; do sleep 0.2; done
                        dd if=/dev/zero of=/tmp/b bs=1M count=30; sleep 50
                        """)
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(10))
                }
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let worker = try await eventually("the adoption") {
                        try await supervisor.workers().first { $0["task"] == .string(id) }
                    }
                    let work = "\(fixture.stateDirectory)/workers/\(worker["id"].string ?? "")/work"
                    try fixture.write("", to: "\(work)/go")
                    let task = try await fixture.waitFor(id, state: "error")
                    #expect(task["outcome"] == "disk_limit_exceeded" && task["attempt"] == 1, "\(task["reason"])")
                }
            }
        }

        @Test("below the limit nothing happens, and what earlier tasks left does not count", arguments: Engine.all)
        func below(_ engine: Engine) async throws {
            let script = "dd if=/dev/zero of=/tmp/left-$ACODE_TASK_ID bs=1M count=40; sleep 4"
            for _ in 1...2 {
                let task = try await end(engine, script)
                #expect(task["outcome"] == "succeeded", "\(task["reason"])")
                let peak = task["attempts"][0]["report"]["used"]["diskPeakBytes"].int ?? 0
                #expect(peak >= 40 << 20 && peak < 60 << 20, "\(peak)")
            }
        }
    }

    /// FR-026: a pool may refuse to run what prints without end.
    @Suite("Output limit", .timeLimit(.minutes(3)))
    struct OutputLimit {
        @Test("a task that prints more than is kept is stopped, where the pool says so", arguments: Backend.all)
        func stopped(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = ["logs.maxBytesPerAttempt": "64KiB", "logs.onLimit": "fail"]
            try await AcodeFixture.with("output-limit-\(backend)", settings: settings) { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let id = try await fixture.submitScript("exec yes")
                    let task = try await fixture.waitFor(id, state: "error")
                    #expect(task["outcome"] == "output_limit_exceeded")
                    #expect(task["reason"].string?.contains("65536 bytes of output") == true, "\(task["reason"])")
                    #expect(task["reason"].string?.contains("logs.onLimit") == true)
                    let enough = try await fixture.runScript("head -c 65536 /dev/zero")
                    #expect(enough.code == 0)
                }
            }
        }
    }
}
