import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-075, NFR-006, NFR-007: what nobody owns any more.
    @Suite("Garbage collection", .timeLimit(.minutes(2)))
    struct Garbage {
        /// A lease so short that nobody waits long for the next supervisor.
        private static let short: [String: JSONValue] = ["queue.lease": "2s", "queue.heartbeat": "500ms"]

        private static func options(_ pool: String? = nil) -> PoolOptions {
            var options = PoolOptions()
            options.pool = pool
            return options
        }

        private static func gc(
            _ fixture: AcodeFixture, _ engine: Engine, _ flags: String..., pool: String? = nil
        ) async throws -> [JSONValue] {
            try await fixture.acode(
                ["gc", "--json", "--engine-socket", try engine.api.socket] + flags,
                environment: ["ACODE_WORKERS_POOL": pool ?? fixture.pool], within: .seconds(60)
            ).json().elements
        }

        /// Makes what a create leaves whose answer never came: an object with the labels of a pool and of no worker of it.
        private static func leak(_ fixture: AcodeFixture, _ engine: Engine, pool: String) async throws -> String {
            let id = try String(contentsOfFile: "\(fixture.stateDirectory)/installation-id", encoding: .utf8)
            let labels: JSONValue = [
                "acode.worker": "true", "acode.pool": .string(pool), "acode.worker.id": "leaked",
                "acode.installation": .string(id.trimmingCharacters(in: .whitespacesAndNewlines)),
            ]
            let body: JSONValue = ["Image": .string(TestImage.busybox), "Cmd": ["sleep", "600"], "Labels": labels]
            let made = try await engine.api.json("POST", "/containers/create", body: body)
            _ = try await engine.api.json(
                "POST", "/volumes/create", body: ["Name": .string("\(pool)-leaked"), "Labels": labels])
            _ = try await engine.api.json(
                "POST", "/networks/create", body: ["Name": .string("\(pool)-leaked"), "Labels": labels])
            return made["Id"].string ?? ""
        }

        @Test("of a dead pool everything goes, after a rehearsal; of others nothing", arguments: Engine.all)
        func deadPool(_ engine: Engine) async throws {
            try await AcodeFixture.with("gc-dead-\(engine)", settings: Self.short) { fixture in
                let alive = "t-\(fixture.id)-alive"
                try await fixture.withSupervisor(.of(engine), Self.options(alive)) { other in
                    let foreign = try await other.onlyContainer()["Id"].string
                    try await fixture.withSupervisor(.of(engine)) { supervisor in
                        supervisor.process.send(SIGKILL)
                        try await supervisor.process.waitForEnd(within: .seconds(10))
                    }
                    let leaked = try await Self.leak(fixture, engine, pool: fixture.pool)
                    try await eventually("the time of the lease to be over", every: .milliseconds(200)) {
                        let all = try await Self.gc(fixture, engine, "--dry-run")
                        return all.count { $0["kind"] == "container" } == 2
                    }
                    let rehearsal = try await Self.gc(fixture, engine, "--dry-run")
                    #expect(rehearsal.allSatisfy { $0["action"] == "would_remove" })
                    let kinds = Set(rehearsal.compactMap { $0["kind"].string })
                    #expect(kinds == ["container", "volume", "network", "row", "directory"])
                    #expect(rehearsal.contains { $0["name"].string == leaked })
                    let before = try await engine.api.containers(label: "acode.pool=\(fixture.pool)")
                    #expect(before.count == 2)

                    let done = try await Self.gc(fixture, engine)
                    #expect(done.allSatisfy { $0["action"] == "removed" }, "\(done)")
                    #expect(
                        Set(done.compactMap { $0["name"].string }) == Set(rehearsal.compactMap { $0["name"].string }))
                    let left = try await engine.api.containers(label: "acode.pool=\(fixture.pool)")
                    #expect(left.isEmpty)
                    let rest = try await engine.api.volumesAndNetworks(label: "acode.pool=\(fixture.pool)")
                    #expect(rest.isEmpty)
                    #expect(try await Self.gc(fixture, engine).isEmpty)

                    // The other pool of the same store, directory and engine never noticed.
                    #expect(try await other.onlyContainer()["Id"].string == foreign)
                    let own = try await Self.gc(fixture, engine, "--all", pool: alive)
                    #expect(!own.isEmpty && own.allSatisfy { $0["action"] == "kept" })
                }
            }
        }

        @Test("a create that happened after it was given up on is found by the next pass", arguments: Engine.all)
        func periodicPass(_ engine: Engine) async throws {
            try await AcodeFixture.with("gc-late-\(engine)", settings: ["workers.gcInterval": "1s"]) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let own = try await supervisor.onlyContainer()["Id"].string
                    _ = try await Self.leak(fixture, engine, pool: fixture.pool)
                    try await eventually("only its own container", within: .seconds(30)) {
                        let containers = try await supervisor.containers()
                        let others = try await engine.api.volumesAndNetworks(label: "acode.pool=\(fixture.pool)")
                        return containers.count == 1 && others.isEmpty
                    }
                    #expect(try await supervisor.onlyContainer()["Id"].string == own)
                    #expect(try await fixture.runScript("echo unharmed").text == "unharmed\n")
                }
            }
        }

        @Test("a supervisor that was killed a moment ago loses nothing to a collection", arguments: Engine.all)
        func awaitedWorkersStay(_ engine: Engine) async throws {
            try await AcodeFixture.with("gc-awaited-\(engine)") { fixture in
                var id = ""
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    id = try await fixture.submitScript("echo begun; sleep 3; echo over")
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(10))
                }
                #expect(try await Self.gc(fixture, engine).isEmpty)
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 1)
                }
            }
        }
    }
}
