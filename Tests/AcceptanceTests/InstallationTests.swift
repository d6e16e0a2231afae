import Foundation
import Glibc
import TestSupport
import Testing

extension Acceptance {
    /// Q-8, design decision 7: what belongs to whom when many share one queue. Every supervisor here has the same host name.
    @Suite("Installations", .timeLimit(.minutes(5)))
    struct Installations {
        /// Two fixtures on one store, the second with the first's pool name.
        private static func withTwo(
            _ body: (_ first: AcodeFixture, _ second: AcodeFixture, PoolOptions) async throws -> Void
        ) async throws {
            let store = "/tmp/acode-one-store-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: store) }
            let settings: [String: JSONValue] = [
                "store.path": .string("\(store)/q.sqlite"), "queue.lease": "60s", "queue.heartbeat": "1s",
                "queue.sweepInterval": "1s",
            ]
            try await AcodeFixture.with("installation-a", settings: settings) { first in
                try await AcodeFixture.with("installation-b", settings: settings) { second in
                    var options = PoolOptions()
                    options.pool = first.pool
                    try await body(first, second, options)
                }
            }
        }

        @Test("two of the same host name and pool, with directories of their own, take nothing of each other's")
        func neighbours() async throws {
            try await Self.withTwo { first, second, options in
                try await first.withSupervisor(.local, options) { _ in
                    let id = try await first.submitScript("echo begun; sleep 1000")
                    try await first.waitFor(id, toPrint: "begun")
                    let before = try await first.task(id)
                    let worker = try #require(before["worker"].string)
                    try await second.withSupervisor(.local, options) { _ in
                        // What it would have done at its start is done, and a pass for garbage finds nothing either.
                        let pass = try await second.acode(
                            ["gc", "--json"], environment: ["ACODE_WORKERS_POOL": first.pool])
                        #expect(pass.code == 0, "\(pass)")
                        #expect(!pass.text.contains(worker), "\(pass)")
                        // The second is the only one with a free worker.
                        _ = try await first.submitAndWait([], ["true"]).succeeded()
                        #expect(try await first.task(id)["state"] == "inProgress")
                    }
                    #expect(FileManager.default.fileExists(atPath: "\(first.stateDirectory)/workers/\(worker)"))
                    try await first.acode("task", "cancel", id).succeeded()
                    let task = try await first.waitFor(id, state: "cancelled")
                    #expect(task["attempt"] == 1)
                    #expect(task["interruptions"] == 0)
                }
            }
        }

        @Test("one that was killed is cleaned up after by its successor, not by its neighbour")
        func successor() async throws {
            try await Self.withTwo { first, second, options in
                var id = ""
                try await first.withSupervisor(.local, options) { supervisor in
                    id = try await first.submitScript("test $ACODE_ATTEMPT = 2 || { echo begun; sleep 1000; }")
                    try await first.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(10))
                }
                try await second.withSupervisor(.local, options) { _ in
                    _ = try await second.acode(["gc"], environment: ["ACODE_WORKERS_POOL": first.pool]).succeeded()
                    let task = try await second.task(id)
                    #expect(task["state"] == "inProgress", "its lease has a minute to go: \(task)")
                    try await first.withSupervisor(.local, options) { _ in
                        let task = try await first.waitFor(id, state: "complete")
                        #expect(task["attempt"] == 2)
                        #expect(task["interruptions"] == 1)
                    }
                }
            }
        }

        @Test("a copy of a state directory becomes an installation of its own, and says so")
        func copy() async throws {
            try await Self.withTwo { first, second, options in
                try await first.withSupervisor(.local, options) { _ in
                    let id = try await first.submitScript("echo begun; sleep 1000")
                    try await first.waitFor(id, toPrint: "begun")
                    try FileManager.default.copyItem(atPath: first.stateDirectory, toPath: second.stateDirectory)
                    let end = try await second.withSupervisor(.local, options) { _ in
                        let task = try await first.task(id)
                        #expect(task["state"] == "inProgress", "\(task)")
                        #expect(task["attempt"] == 1)
                    }
                    #expect(end.errorText.contains("has a new identity"), "\(end)")
                    #expect(end.errorText.contains("is a copy"), "\(end)")
                    try await first.acode("task", "cancel", id).succeeded()
                    try await first.waitFor(id, state: "cancelled")
                }
            }
        }

        @Test("one state directory has one supervisor a pool, also under two runtime directories")
        func oneDirectory() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local) { supervisor in
                    let second = try await fixture.acode(
                        ["worker", "start", "--mode", "local", "--runtime-dir", "\(fixture.directory)/run2"])
                    #expect(second.code == 75)
                    #expect(second.errorText.contains("\(supervisor.process.pid)"), "\(second)")
                }
            }
        }
    }
}
