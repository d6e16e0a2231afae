import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// NFR-008: local process workers, beyond what every backend must do.
    @Suite("Local mode", .timeLimit(.minutes(3)))
    struct LocalMode {
        @Test("daemons that a task leaves are gone before the next task begins")
        func leftovers() async throws {
            try await AcodeFixture.with { fixture in
                let mark = "8767\(UInt16.random(in: 1000...9999))"
                fixture.atEnd { for pid in ProcessTable.mentioning("sleep\0\(mark)") { kill(pid, SIGKILL) } }
                try await fixture.withSupervisor(.local) { _ in
                    let run = try await fixture.runScript(
                        """
                        sleep \(mark) &
                        (setsid sleep \(mark) &)
                        (setsid sh -c 'setsid env -i sleep \(mark) & exit 0' &)
                        nohup sleep \(mark) >/dev/null 2>&1 &
                        sleep 0.3; echo left
                        """)
                    #expect(run.text == "left\n")
                    #expect(run.code == 0)
                    #expect(ProcessTable.mentioning("sleep\0\(mark)").isEmpty)
                }
            }
        }

        @Test("a daemon that keeps the output open does not keep the task from ending")
        func heldPipe() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let run = try await fixture.runScript("(setsid sleep 600 &); echo done")
                    #expect(run.text == "done\n")
                    #expect(run.elapsed < .seconds(20))
                }
            }
        }

        @Test("as root a local worker has a cgroup: limits hold, deaths are told, nothing of it stays")
        func limits() async throws {
            let settings: [String: JSONValue] = [
                "workers.docker.resources.memoryMb": 96, "workers.recycle": "never", "workers.statsInterval": "1s",
                "workers.highUsageWarning": 60,
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                try await fixture.withSupervisor(.local) { supervisor in
                    let id = try #require(try await supervisor.workers().first?["id"].string)
                    let table = try await fixture.acode("worker", "inspect", "--security", id)
                    #expect(table.code == 0, "\(table)")
                    let hog = try await fixture.submitAndWait(["--name", "hog"], ["tail", "/dev/zero"])
                    #expect(hog.code == 137)
                    let killed = try await fixture.task(named: "hog")
                    #expect(killed["outcome"] == "oom_killed")
                    #expect(killed["reason"].string?.contains("96 MiB") == true, "\(killed)")
                    let less = try await fixture.submitAndWait(
                        ["--name", "less", "--memory-mb", "48"], ["tail", "/dev/zero"])
                    #expect(less.code == 137)
                    #expect(try await fixture.task(named: "less")["reason"].string?.contains("48 MiB") == true)
                    let held = try await fixture.runScript(
                        "cat /proc/self/cgroup | grep -c acode-; grep -E 'NoNewPrivs|Max open' /proc/self/status /proc/self/limits;"
                            + " (setsid sleep 8771 &); true", ["--memory-mb", "64"])
                    #expect(held.lines.first == "3", "\(held)")
                    #expect(held.text.contains("NoNewPrivs:\t1"))
                    #expect(try Self.cgroups(of: fixture).count == 3)
                    let more = try await fixture.runScript("true", ["--memory-mb", "97", "--name", "more"])
                    #expect(more.code == 64)
                    #expect(more.errorText.contains("memoryMb 97 is above the pool's limit of 96"), "\(more)")
                    let big = try await fixture.submitScript(
                        "dd if=/dev/zero of=big bs=1M count=40 2>/dev/null; sleep 50", ["--disk-mb", "20"])
                    let full = try await fixture.waitFor(big, state: "error")
                    #expect(full["outcome"] == "disk_limit_exceeded", "\(full["reason"])")
                    #expect(full["reason"].string?.contains("limit of 20 MiB") == true)
                    let near = try await fixture.submitScript("dd if=/dev/zero of=/dev/null bs=70M count=1000000")
                    try await eventually("high use to be told") {
                        try await fixture.json("task", "events", near).elements.contains {
                            $0["kind"] == "usage_high" && $0["message"].string?.contains("of 96 MiB") == true
                        }
                    }
                    try await fixture.acode("task", "cancel", near).succeeded()
                    try await fixture.waitFor(near, state: "cancelled")
                }
                #expect(try Self.cgroups(of: fixture).isEmpty)
            }
        }

        @Test("a local worker's cgroup is removed after its supervisor was killed, with all that hid in it")
        func cgroupsOfTheDead() async throws {
            try await AcodeFixture.with { fixture in
                let mark = "8772\(UInt16.random(in: 1000...9999))"
                fixture.atEnd { for pid in ProcessTable.mentioning("sleep\0\(mark)") { kill(pid, SIGKILL) } }
                try await fixture.withSupervisor(.local) { supervisor in
                    let id = try await fixture.submitScript(
                        "(setsid env -i sleep \(mark) &); echo begun; sleep \(mark)")
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                    try await fixture.acode("task", "cancel", id).succeeded()
                }
                let old = try Self.cgroups(of: fixture)
                #expect(old.count == 3)
                try await fixture.withSupervisor(.local) { _ in
                    #expect(ProcessTable.mentioning("sleep\0\(mark)").isEmpty)
                    let now = try Self.cgroups(of: fixture)
                    #expect(Set(now).isDisjoint(with: old))
                }
                #expect(try Self.cgroups(of: fixture).isEmpty)
            }
        }

        /// The cgroups of a fixture's local workers, below this test's own, by controller.
        private static func cgroups(of fixture: AcodeFixture) throws -> [String] {
            let table = try String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)
            return ["memory", "cpu", "pids"].flatMap { controller -> [String] in
                let line = table.split(separator: "\n").first { $0.contains(":\(controller):") } ?? ""
                let path = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last ?? ""
                let place = "/sys/fs/cgroup/\(controller)\(path)"
                let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
                return names.filter { $0.contains(fixture.pool) }.map { "\(place)/\($0)" }
            }
        }

        @Test("the same worker serves many tasks, and several workers run at once")
        func concurrency() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local, PoolOptions(count: 3)) { supervisor in
                    let barrier = try fixture.openDirectory("barrier")
                    // Each waits for the two others, so they can end only if all three run at once.
                    var ids: [String] = []
                    for number in 1...3 {
                        ids.append(
                            try await fixture.submitScript(
                                "touch \(barrier)/\(number); until [ $(ls \(barrier) | wc -l) = 3 ]; do sleep 0.05; done",
                                ["--timeout", "20s"]))
                    }
                    for id in ids { try await fixture.waitFor(id, state: "complete") }
                    let used = Set(try await fixture.tasks().compactMap { $0["worker"].string })
                    #expect(used.count == 3)
                    #expect(try await supervisor.workers().count == 3)
                }
            }
        }

        @Test("without an engine and without being asked for one no engine is looked for")
        func noEngineNeeded() async throws {
            try await AcodeFixture.with { fixture in
                let end = try await fixture.withSupervisor(.local) { _ in
                    try await fixture.runScript("true").succeeded()
                }
                #expect(!end.errorText.lowercased().contains("warn"), "\(end)")
                #expect(!end.errorText.lowercased().contains("engine"), "\(end)")
            }
        }
    }
}
