import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-051…055: what is in force, by the engine's word and the kernel's.
    @Suite("Worker inspection", .timeLimit(.minutes(1)))
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
                    let all = try await fixture.json("worker", "inspect", id)
                    #expect(all["security"].elements.count > 15)
                    #expect(all["container"]["labels"]["acode.worker.id"] == .string(id))
                    let page = try await fixture.acode("worker", "inspect", id).succeeded()
                    for words in ["pid:", "/run/secrets read-only", "security:      as wanted"] {
                        #expect(page.text.contains(words), "\(words): \(page)")
                    }

                    // Behind the engine's back, as a mistake of an operator would.
                    let pid = try #require(all["pid"].int)
                    try Self.liftProcessLimit(of: pid)
                    let changed = try await fixture.acode("worker", "inspect", "--security", id)
                    #expect(changed.code == 1)
                    #expect(changed.text.contains("1 of "), "\(changed)")
                    let measures = try await fixture.acode("worker", "inspect", "--security", id, "--json")
                    #expect(measures.code == 1)
                    let missing = try JSONValue(parsing: measures.output)["security"].elements
                        .filter { $0["verdict"] == "missing" }
                    #expect(missing.map { $0["measure"] } == ["processes"])
                    #expect(missing.first?["wanted"] == "100" && missing.first?["inForce"] == "unlimited")
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

        private static func liftProcessLimit(of pid: Int) throws {
            let table = try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8)
            let line = try #require(
                table.split(separator: "\n").first { $0.contains(":pids:") || $0.hasPrefix("0::") })
            let path = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)[2]
            let root = line.contains(":pids:") ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup"
            try "max".write(toFile: "\(root)\(path)/pids.max", atomically: false, encoding: .utf8)
        }
    }
}
