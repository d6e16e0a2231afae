import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-051…055: what is in force, by the engine's word and the kernel's.
    @Suite("Worker inspection", .timeLimit(.minutes(3)))
    struct Inspection {
        @Test("everything wanted is in force, and what somebody took away is named", arguments: Engine.all)
        func containers(_ engine: Engine) async throws {
            try await AcodeFixture.with("inspect-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let id = try #require(try await supervisor.workers().first?["id"].string)
                    let table = try await fixture.acode("worker", "inspect", "--security", id)
                    #expect(table.code == 0, "\(table)")
                    #expect(table.text.contains("Everything that was wanted and can be seen is in force."))
                    #expect(!table.text.contains("unknown"), "\(table)")
                    #expect(
                        table.lines.contains { $0.split(separator: " ").prefix(3) == ["network", "bridge", "bridge"] })
                    let all = try await fixture.json("worker", "inspect", id)
                    #expect(all["security"].elements.count > 15)
                    #expect(all["container"]["labels"]["acode.worker.id"] == .string(id))
                    let page = try await fixture.acode("worker", "inspect", id).succeeded()
                    for words in ["pid:", "/run/secrets read-only", "security:      as wanted"] {
                        #expect(page.text.contains(words), "\(words): \(page)")
                    }

                    // Behind the engine's back, as a mistake of an operator would.
                    let pid = try #require(all["pid"].int)
                    try Self.write("max", to: ["pids.max"], of: pid, in: "pids")
                    try Self.write("268435456", to: ["memory.limit_in_bytes", "memory.max"], of: pid, in: "memory")
                    try await Self.makeWritable("/run/secrets", in: pid)
                    let changed = try await fixture.acode("worker", "inspect", "--security", id)
                    #expect(changed.code == 1)
                    #expect(changed.text.contains("3 of "), "\(changed)")
                    let measures = try await fixture.acode("worker", "inspect", "--security", id, "--json")
                    #expect(measures.code == 1)
                    let missing = try JSONValue(parsing: measures.output)["security"].elements
                        .filter { $0["verdict"] == "missing" }
                    #expect(missing.map { $0["measure"] } == ["/run/secrets", "memory", "processes"])
                    #expect(missing.map { $0["wanted"] } == ["read-only", "512 MiB", "100"])
                    #expect(missing.map { $0["inForce"] } == ["writable", "256 MiB", "unlimited"])
                }
            }
        }

        @Test("a worker that is not there is told")
        func unknown() async throws {
            try await AcodeFixture.with("inspect-unknown") { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let run = try await fixture.acode("worker", "inspect", "nobody")
                    #expect(run.code == 1)
                    #expect(run.errorText.contains("there is no worker nobody"))
                }
            }
        }

        /// Writes into a file of a container's cgroup, whose name may differ between the versions 1 and 2.
        private static func write(_ value: String, to names: [String], of pid: Int, in controller: String) throws {
            let table = try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8)
            let line = try #require(
                table.split(separator: "\n").first { $0.contains(":\(controller):") || $0.hasPrefix("0::") })
            let path = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)[2]
            let root = line.contains(":\(controller):") ? "/sys/fs/cgroup/\(controller)" : "/sys/fs/cgroup"
            let files = names.map { "\(root)\(path)/\($0)" }
            let file = try #require(files.first { FileManager.default.fileExists(atPath: $0) })
            try value.write(toFile: file, atomically: false, encoding: .utf8)
        }

        /// Lets a container write through one of its mounts.
        private static func makeWritable(_ target: String, in pid: Int) async throws {
            let arguments = ["-t", "\(pid)", "-m", "-p", "/bin/busybox", "mount", "-o", "remount,rw,bind", target]
            _ = try await ChildProcess.tool(ProcessPlan("/usr/bin/nsenter", arguments), within: .seconds(10))
        }
    }
}
