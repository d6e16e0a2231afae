import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-075, NFR-006, NFR-007: what nobody owns any more.
    @Suite("Garbage collection", .timeLimit(.minutes(5)))
    struct Garbage {
        /// A lease so short that nobody waits long for the next supervisor.
        private static let short: [String: JSONValue] = ["queue.lease": "2s", "queue.heartbeat": "500ms"]

        private static func options(_ pool: String? = nil) -> PoolOptions {
            var options = PoolOptions()
            options.pool = pool
            return options
        }

        private static func gc(
            _ fixture: AcodeFixture, _ engine: Engine, _ flags: String..., pool: String? = nil,
            environment: [String: String] = [:]
        ) async throws -> [JSONValue] {
            try await fixture.acode(
                ["gc", "--json", "--engine-socket", try engine.api.socket] + flags,
                environment: environment.merging(["ACODE_WORKERS_POOL": pool ?? fixture.pool]) { $1 },
                within: .seconds(60)
            ).json().elements
        }

        /// The labels of an object of a pool, as this installation or `installation` makes it.
        private static func labels(
            _ fixture: AcodeFixture, pool: String, installation: String? = nil
        ) throws -> JSONValue {
            let own = try String(contentsOfFile: "\(fixture.stateDirectory)/installation-id", encoding: .utf8)
            return [
                "acode.worker": "true", "acode.pool": .string(pool), "acode.worker.id": "leaked",
                "acode.installation": .string(installation ?? own.trimmingCharacters(in: .whitespacesAndNewlines)),
            ]
        }

        /// Makes what a create leaves whose answer never came: an object with the labels of a pool and of no worker of it.
        private static func leak(_ fixture: AcodeFixture, _ engine: Engine, pool: String) async throws -> String {
            let labels = try Self.labels(fixture, pool: pool)
            _ = try await engine.api.json(
                "POST", "/volumes/create", body: ["Name": .string("\(pool)-leaked"), "Labels": labels])
            _ = try await engine.api.json(
                "POST", "/networks/create", body: ["Name": .string("\(pool)-leaked"), "Labels": labels])
            return try await container(engine, labels)
        }

        /// Makes a container in a state: `created`, `running`, `paused`, `exited`.
        private static func container(
            _ engine: Engine, _ labels: JSONValue, _ state: String = "created"
        ) async throws -> String {
            let command: JSONValue = state == "exited" ? ["true"] : ["sleep", "600"]
            let limits: JSONValue = [
                ["Name": "nofile", "Soft": 64, "Hard": 64], ["Name": "nproc", "Soft": 64, "Hard": 64],
            ]
            let body: JSONValue = [
                "Image": .string(TestImage.busybox), "Cmd": command, "Labels": labels,
                // Podman's own default is above this machine's hard limits.
                "HostConfig": ["Ulimits": limits],
            ]
            let id = try await engine.api.json("POST", "/containers/create", body: body)["Id"].string ?? ""
            if state != "created" { _ = try await engine.api.call("POST", "/containers/\(id)/start") }
            if state == "paused" { _ = try await engine.api.call("POST", "/containers/\(id)/pause") }
            // A supervisor may have found and removed it already.
            guard state != "created" else { return id }
            try await eventually("the container to be \(state)") {
                try await engine.api.inspect(id)["State"]["Status"].string == state
            }
            return id
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

        @Test("without an engine all goes that needs none, and it is said what may be left", arguments: Engine.all)
        func noEngine(_ engine: Engine) async throws {
            try await AcodeFixture.with("gc-no-engine-\(engine)", settings: Self.short) { fixture in
                let nowhere = ["gc", "--json", "--engine-socket", "\(fixture.scratch)/nowhere.sock"]
                var local = PoolOptions()
                local.engineSocket = "\(fixture.scratch)/nowhere.sock"
                local.flags = []
                for options in [local, Self.options()] {
                    try await fixture.withSupervisor(.of(engine), options) { supervisor in
                        supervisor.process.send(SIGKILL)
                        try await supervisor.process.waitForEnd(within: .seconds(10))
                    }
                    let isContained = options.engineSocket == nil
                    let stray = "\(fixture.runtimeDirectory)/\(fixture.pool)/w/stray"
                    try FileManager.default.createDirectory(atPath: stray, withIntermediateDirectories: true)
                    try await eventually("the time of the lease to be over", every: .milliseconds(200)) {
                        let all = try await fixture.acode(nowhere + ["--dry-run", "--all"])
                        return !all.text.contains("take it over")
                    }
                    let done = try await fixture.acode(nowhere + ["--all"])
                    #expect(done.code == (isContained ? 69 : 0), "\(done)")
                    #expect(done.errorText.contains("nowhere.sock"), "\(done)")
                    #expect(done.errorText.contains("no containers, networks and volumes were looked for"), "\(done)")
                    #expect(done.errorText.contains("containers of 1 worker may be left") == isContained, "\(done)")
                    #expect(!FileManager.default.fileExists(atPath: stray))
                    let items = try JSONValue(parsing: done.output).elements
                    let rows = items.filter { $0["kind"] == "row" }
                    #expect(rows.map { $0["action"].string } == [isContained ? "kept" : "removed"], "\(done)")
                    let workers = try FileManager.default.contentsOfDirectory(
                        atPath: "\(fixture.stateDirectory)/workers")
                    #expect(workers.count == (isContained ? 1 : 0), "\(done)")
                }
                let rest = try await Self.gc(fixture, engine)
                #expect(rest.count { $0["kind"] == "container" && $0["action"] == "removed" } == 1, "\(rest)")
                #expect(try await fixture.acode(nowhere).code == 0)
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

        @Test(
            "containers in every state go, with their volumes, networks, directories and secrets, and are counted",
            arguments: Engine.all)
        func everyState(_ engine: Engine) async throws {
            let port = Loopback.freePort()
            var options = Self.options()
            options.flags += ["--listen", "127.0.0.1:\(port)"]
            func count(_ metric: String, _ kind: String) async throws -> Int? {
                let lines = try await Curl.get("http://127.0.0.1:\(port)/metrics").body.split(separator: "\n")
                let line = lines.first { $0.hasPrefix("\(metric){") && $0.contains("kind=\"\(kind)\"") }
                return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) }
            }
            try await AcodeFixture.with("gc-states-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let own = try await supervisor.onlyContainer()["Id"].string
                    var leaked = [try await Self.leak(fixture, engine, pool: fixture.pool)]
                    let labels = try Self.labels(fixture, pool: fixture.pool)
                    for state in ["running", "paused", "exited"] {
                        leaked.append(try await Self.container(engine, labels, state))
                    }
                    let foreign = [
                        try await Self.container(engine, try Self.labels(fixture, pool: "t-\(fixture.id)-other")),
                        try await Self.container(
                            engine, try Self.labels(fixture, pool: fixture.pool, installation: "another"), "running"),
                    ]
                    fixture.atEnd { for id in foreign { try await engine.api.remove(id) } }
                    let directory = "\(fixture.runtimeDirectory)/\(fixture.pool)/w/leaked"
                    try FileManager.default.createDirectory(
                        atPath: "\(directory)/secrets", withIntermediateDirectories: true)
                    try fixture.write("a secret", to: "\(directory)/secrets/token")
                    let workspace = "\(fixture.stateDirectory)/workers/leaked"
                    try FileManager.default.createDirectory(atPath: workspace, withIntermediateDirectories: true)

                    let expected = ["container": 4, "volume": 1, "network": 1, "directory": 2]
                    let rehearsal = try await Self.gc(fixture, engine, "--dry-run")
                    for (kind, number) in expected {
                        #expect(rehearsal.count { $0["kind"].string == kind } == number, "\(kind) in \(rehearsal)")
                        #expect(try await count("acode_unknown_objects", kind) == number, "\(kind)")
                    }
                    let done = try await Self.gc(fixture, engine)
                    #expect(done.count == 8 && done.allSatisfy { $0["action"] == "removed" }, "\(done)")
                    #expect(Set(done.compactMap { $0["name"].string }).isSuperset(of: leaked))
                    for (kind, number) in expected {
                        #expect(try await count("acode_unknown_objects", kind) == 0, "\(kind)")
                        #expect(try await count("acode_objects_removed_total", kind) == number, "\(kind)")
                    }
                    for path in [directory, workspace] { #expect(!FileManager.default.fileExists(atPath: path)) }
                    let left = Set(try await supervisor.containers().compactMap { $0["Id"].string })
                    #expect(left == Set([own, foreign[1]].compactMap { $0 }))
                    #expect(try await engine.api.inspect(foreign[0])["State"]["Status"] == "created")
                    #expect(try await engine.api.inspect(foreign[1])["State"]["Status"] == "running")
                    #expect(try await fixture.runScript("echo unharmed").text == "unharmed\n")
                }
            }
        }

        @Test(
            "what is left of a pool is gone soon after its next start, also when the runtime directory was emptied",
            arguments: Engine.all)
        func atTheStart(_ engine: Engine) async throws {
            try await AcodeFixture.with("gc-start-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(10))
                }
                let labels = try Self.labels(fixture, pool: fixture.pool)
                var leaked = [try await Self.leak(fixture, engine, pool: fixture.pool)]
                leaked.append(try await Self.container(engine, labels, "paused"))
                let workspace = "\(fixture.stateDirectory)/workers/leaked"
                try FileManager.default.createDirectory(atPath: workspace, withIntermediateDirectories: true)
                try FileManager.default.removeItem(atPath: fixture.runtimeDirectory)
                // The time between two passes is 5 minutes.
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    try await eventually("all of it to be gone", within: .seconds(20), every: .milliseconds(200)) {
                        let left = try await supervisor.containers().compactMap { $0["Id"].string }
                        let others = try await engine.api.volumesAndNetworks(label: "acode.pool=\(fixture.pool)")
                        return left.count == 1 && others.isEmpty && !FileManager.default.fileExists(atPath: workspace)
                    }
                    let workspaces = try FileManager.default.contentsOfDirectory(
                        atPath: "\(fixture.stateDirectory)/workers")
                    #expect(workspaces == [try await fixture.workers().first?["id"].string])
                    #expect(try await fixture.runScript("echo unharmed").text == "unharmed\n")
                }
            }
        }

        @Test("a supervisor that was killed a moment ago loses nothing to a collection", arguments: Engine.all)
        func awaitedWorkersStay(_ engine: Engine) async throws {
            try await AcodeFixture.with("gc-awaited-\(engine)") { fixture in
                try await Self.killed(fixture, engine) {
                    let found = try await Self.gc(fixture, engine)
                    #expect(found.isEmpty)
                }
            }
        }

        @Test("nor to one whose clock is an hour ahead of the database's", arguments: Engine.all)
        func awaitedWorkersStayByTheDatabasesClock(_ engine: Engine) async throws {
            try await TestDatabase.$isFixturesStore.withValue(true) {
                try await AcodeFixture.with("gc-ahead-\(engine)") { fixture in
                    let ahead = try await ClockShim(in: fixture.scratch, seconds: 3600).environment
                    try await Self.killed(fixture, engine) {
                        let found = try await Self.gc(fixture, engine, environment: ahead)
                        #expect(found.isEmpty)
                    }
                }
            }
        }

        /// Kills a supervisor whose task runs on, which the next one takes over after `body`.
        private static func killed(
            _ fixture: AcodeFixture, _ engine: Engine, _ body: () async throws -> Void
        ) async throws {
            var id = ""
            try await fixture.withSupervisor(.of(engine)) { supervisor in
                id = try await fixture.submitScript("echo begun; sleep 3; echo over")
                try await fixture.waitFor(id, toPrint: "begun")
                supervisor.process.send(SIGKILL)
                try await supervisor.process.waitForEnd(within: .seconds(10))
            }
            try await body()
            try await fixture.withSupervisor(.of(engine)) { _ in
                let task = try await fixture.waitFor(id, state: "complete")
                #expect(task["attempt"] == 1)
            }
        }
    }
}
