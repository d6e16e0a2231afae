import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// design decision 5: competing consumers, and none twice.
    @Suite("One store, many tasks", .timeLimit(.minutes(8)))
    struct SharedStore {
        /// A task file of `count` tasks that each note their id in a file.
        private static func tasks(_ count: Int, noting path: String) -> String {
            let tasks = (1...count).map { number in
                "- {name: n\(number), command: [sh, -c, 'echo $ACODE_TASK_ID >> \(path)/ran']}"
            }
            return "tasks:\n" + tasks.joined(separator: "\n") + "\n"
        }

        private static func check(_ fixture: AcodeFixture, _ count: Int, ran directory: String) async throws {
            let tasks = try await fixture.tasks()
            #expect(tasks.count == count)
            #expect(tasks.count { $0["state"] == "complete" } == count)
            #expect(tasks.count { $0["attempt"] == 1 } == count)
            let ran = try String(contentsOfFile: "\(directory)/ran", encoding: .utf8).split(separator: "\n")
            #expect(ran.count == count)
            #expect(Set(ran.map(String.init)) == Set(tasks.compactMap { $0["id"].string }))
        }

        /// NFR-005. What the process has of its own, in bytes: the rest of its resident memory are pages of the program and of
        /// libraries, which the kernel shares with other processes and drops when it needs them, and which depend on how
        /// the program was built.
        private static func ownMemory(of process: ChildProcess) throws -> Int {
            let rollup = try String(contentsOfFile: "/proc/\(process.pid)/smaps_rollup", encoding: .utf8)
            let line = try #require(rollup.split(separator: "\n").first { $0.hasPrefix("Anonymous:") })
            return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
        }

        @Test(
            "1,000 tasks through four workers: none is lost, none runs twice, and they leave the supervisor small",
            arguments: Backend.all)
        func thousand(_ backend: Backend) async throws {
            let shared = "/tmp/acode-shared-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: shared)
            defer { try? FileManager.default.removeItem(atPath: shared) }
            let inside = backend.engine == nil ? shared : "/shared"
            let settings: [String: JSONValue] = [
                "workers.docker.mounts": [["source": .string(shared), "target": "/shared"]]
            ]
            try await AcodeFixture.with("thousand-\(backend)", settings: settings) { fixture in
                let file = try fixture.file("many.yaml", Self.tasks(1000, noting: inside))
                try await fixture.withSupervisor(backend, PoolOptions(count: 4)) { supervisor in
                    let run = try await fixture.acode(
                        ["task", "submit", "--wait", "--file", file], within: .seconds(120))
                    #expect(run.code == 0, "\(run)")
                    try await Self.check(fixture, 1000, ran: shared)
                    let memory = try Self.ownMemory(of: supervisor.process)
                    #expect((1_000_000..<50_000_000).contains(memory), "\(memory)")
                }
            }
        }

        @Test("many programs submit at once while a pool works: each task is accepted and runs once")
        func manySubmitters() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local, PoolOptions(count: 2)) { _ in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for submitter in 1...16 {
                            group.addTask {
                                for number in 1...3 {
                                    _ = try await fixture.submit(["--name", "s\(submitter)-\(number)"], ["true"])
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                    try await eventually("all to finish", every: .milliseconds(100)) {
                        try await fixture.tasks().allSatisfy { $0["state"] == "complete" }
                    }
                    let tasks = try await fixture.tasks()
                    #expect(tasks.count == 48)
                    #expect(Set(tasks.compactMap { $0["name"].string }).count == 48)
                    #expect(tasks.allSatisfy { $0["attempt"] == 1 })
                }
            }
        }

        @Test("two supervisors share 200 tasks", arguments: Backend.all)
        func twoSupervisors(_ backend: Backend) async throws {
            let shared = "/tmp/acode-shared-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: shared)
            defer { try? FileManager.default.removeItem(atPath: shared) }
            let inside = backend.engine == nil ? shared : "/shared"
            let settings: [String: JSONValue] = [
                "workers.docker.mounts": [["source": .string(shared), "target": "/shared"]]
            ]
            try await AcodeFixture.with("two-\(backend)", settings: settings) { fixture in
                let file = try fixture.file("many.yaml", Self.tasks(200, noting: inside))
                try await fixture.withSupervisor(backend, PoolOptions(count: 2)) { _ in
                    var other = PoolOptions(count: 2)
                    other.pool = "t-\(fixture.id)-b"
                    try await fixture.withSupervisor(backend, other) { _ in
                        let run = try await fixture.acode(
                            ["task", "submit", "--wait", "--file", file], within: .seconds(90))
                        #expect(run.code == 0, "\(run)")
                        try await Self.check(fixture, 200, ran: shared)
                        let workers = Set(try await fixture.tasks().compactMap { $0["worker"].string })
                        #expect(workers.count == 4, "both pools worked")
                    }
                }
            }
        }

        @Test("containers of one pool are nothing to another on the same engine", arguments: Engine.all)
        func poolsKeepApart(_ engine: Engine) async throws {
            try await AcodeFixture.with("apart-a-\(engine)") { first in
                try await first.withSupervisor(.of(engine)) { supervisor in
                    let before = try await supervisor.onlyContainer()["Id"]
                    // The same pool name in another installation, as on a shared engine.
                    try await AcodeFixture.with("apart-b-\(engine)") { second in
                        var options = PoolOptions()
                        options.pool = first.pool
                        try await second.withSupervisor(.of(engine), options) { _ in
                            let both = try await engine.api.containers(label: "acode.pool=\(first.pool)")
                            #expect(both.count == 2)
                        }
                    }
                    #expect(try await supervisor.onlyContainer()["Id"] == before)
                    #expect(try await first.runScript("echo mine").text == "mine\n")
                }
            }
        }

        @Test("a second supervisor of the same pool is refused and told who owns it", arguments: [Backend.local])
        func samePool(_ backend: Backend) async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(backend) { supervisor in
                    let second = try await fixture.acode("worker", "start", "--mode", "local")
                    #expect(second.code == 75)
                    #expect(second.errorText.contains("\(supervisor.process.pid)"))
                    #expect(second.errorText.contains("hint:"))
                    #expect(try await fixture.runScript("echo unharmed").text == "unharmed\n")
                }
            }
        }
    }
}
