import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-009: tasks wait for images, workers do not.
    @Suite("Waiting for images", .timeLimit(.minutes(8)))
    struct ImageWaits {
        /// A registry behind a proxy, and the place of an image there that no other test uses, gone from the engine at the end.
        private struct Source: Sendable {
            let registry: TestRegistry
            let proxy: SocketProxy
            let repository: String

            var image: String { "\(proxy.host)/\(repository):1" }

            func push(padding: Int = 1000) async throws { try await registry.push(repository, padding: padding) }
        }

        private static func with(
            _ name: String, _ engine: Engine, settings: [String: JSONValue] = [:],
            _ body: (AcodeFixture, Source) async throws -> Void
        ) async throws {
            try await AcodeFixture.with("\(name)-\(engine)", settings: settings) { fixture in
                let registry = try TestRegistry.public
                let source = Source(registry: registry, proxy: try registry.proxy(), repository: "t/\(fixture.id)")
                defer { source.proxy.stop() }
                fixture.removeAtEnd(source.image, from: engine)
                try await body(fixture, source)
            }
        }

        @Test("while one task's image is pulled the only worker runs another's", arguments: Engine.all)
        func slotIsFree(_ engine: Engine) async throws {
            try await Self.with("image-slot", engine) { fixture, source in
                let (proxy, image) = (source.proxy, source.image)
                try await source.push()
                proxy.inject(.hang, onRequestsContaining: "/manifests/")
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let before = try await supervisor.onlyContainer()["Id"]
                    let waiting = try await fixture.submit(["--image", image], ["/busybox", "echo", "at last"])
                    let given = try await fixture.submit(["--image", image], ["/busybox", "echo", "never"])
                    try await eventually("the pull to begin") { !proxy.requests.isEmpty }
                    #expect(try await fixture.runScript("echo meanwhile").text == "meanwhile\n")
                    #expect(try await supervisor.onlyContainer()["Id"] == before)
                    // One who no longer waits does not end the pull of the others.
                    try await fixture.acode("task", "cancel", given).succeeded()
                    try await fixture.waitFor(given, state: "cancelled")
                    #expect(proxy.openCount > 0)
                    proxy.clearFaults()
                    proxy.cutAll()
                    try await fixture.waitFor(waiting, state: "complete", within: .seconds(60))
                    #expect(try await fixture.acode("task", "logs", waiting).text.contains("at last"))
                }
            }
        }

        @Test("many tasks and workers wait for one pull", arguments: Engine.all)
        func singleFlight(_ engine: Engine) async throws {
            try await Self.with("single-flight", engine) { fixture, source in
                let proxy = source.proxy
                try await source.push(padding: 3_000_000)
                proxy.inject(.slow(bytesPerSecond: 500_000), onRequestsContaining: "/blobs/")
                var options = PoolOptions(count: 2)
                options.image = source.image
                options.waitsForWorkers = false
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    try await eventually("the supervisor to listen") {
                        try await fixture.acode("worker", "list").errorText.contains("no supervisor") == false
                    }
                    var tasks: [String] = []
                    for resources in ["256", "300", "512"] {
                        tasks.append(try await fixture.submit(["--memory-mb", resources], ["/busybox", "true"]))
                    }
                    for task in tasks { try await fixture.waitFor(task, state: "complete", within: .seconds(60)) }
                    #expect(proxy.requests.count { $0.contains("/manifests/1 ") } == 1, "\(proxy.requests)")
                    #expect(supervisor.process.errorText.contains("image pulled"))
                    let progress = supervisor.process.errorText.split(separator: "\n").filter {
                        $0.contains("pulling image") && $0.contains("known_mb")
                    }
                    #expect((1...3).contains(progress.count), "\(supervisor.process.errorText)")
                }
            }
        }

        @Test("a pool whose own image can't be had says why, serves others, and heals", arguments: Engine.all)
        func poolImageComesLater(_ engine: Engine) async throws {
            try await Self.with("image-later", engine, settings: ["workers.docker.pullRetries": 0]) { fixture, source in
                let image = source.image
                var options = PoolOptions()
                options.image = image
                options.waitsForWorkers = false
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    try await eventually("the trouble to be shown", within: .seconds(40)) {
                        let list = try await fixture.acode("worker", "list")
                        return list.errorText.contains(image) && list.errorText.contains("manifest unknown")
                    }
                    let run = try await fixture.submitAndWait(
                        ["--image", TestImage.busybox], ["echo", "another image"])
                    #expect(run.text == "another image\n")
                    try await source.push()
                    #expect(try await fixture.submitAndWait([], ["/busybox", "echo", "healed"]).text == "healed\n")
                    let said = supervisor.process.errorText.split(separator: "\n").filter {
                        $0.contains("can't be had")
                    }
                    #expect(said.count == 1, "\(said)")
                    try await eventually("the trouble to be over") {
                        try await !fixture.acode("worker", "list").errorText.contains("no workers of its own")
                    }
                }
            }
        }

        @Test("always brings what a tag stands for now, to workers that wait, too", arguments: Engine.all)
        func tagMoves(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.docker.pullPolicy": "always", "workers.docker.pullAgainAfter": "2s",
            ]
            try await Self.with("tag-moves", engine, settings: settings) { fixture, source in
                var options = PoolOptions()
                options.image = source.image
                try await source.push()
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let content = ["/busybox", "md5sum", "/padding"]
                    let before = try await fixture.submitAndWait([], content).succeeded()
                    let worker = try await supervisor.onlyContainer()["Id"]
                    try await source.push()
                    let after = try await eventually("the new content", within: .seconds(30)) {
                        let run = try await fixture.submitAndWait([], content).succeeded()
                        return run.text == before.text ? nil : run
                    }
                    #expect(try await supervisor.onlyContainer()["Id"] != worker)
                    // A pull counts for a while, whoever comes.
                    try await fixture.acode("worker", "restart", "--all").succeeded()
                    #expect(try await fixture.submitAndWait([], content).text == after.text)
                    let asked = source.proxy.requests.count { $0.contains("/manifests/1 ") }
                    #expect(asked >= 3)
                }
            }
        }

        @Test("a tag that moved while nobody was there: always brings it, and only then", arguments: Engine.all)
        func tagMovedMeanwhile(_ engine: Engine) async throws {
            try await AcodeFixture.with("tag-moved-\(engine)") { fixture in
                let registry = try TestRegistry.public
                let proxy = try registry.proxy()
                defer { proxy.stop() }
                var options = PoolOptions()
                options.image = "\(proxy.host)/t/\(fixture.id):1"
                try await registry.push("t/\(fixture.id)")
                fixture.removeAtEnd(options.image, from: engine)
                /// What the first task finds in its image, and which container it is in, before the supervisor is killed.
                func firstTask(
                    _ policy: String, thenKill: Bool = true
                ) async throws -> (content: String, container: JSONValue) {
                    var seen = (content: "", container: JSONValue.null)
                    options.environment["ACODE_WORKERS_DOCKER_PULL_POLICY"] = policy
                    try await fixture.withSupervisor(.of(engine), options) { supervisor in
                        seen.content = try await fixture.submitAndWait([], ["/busybox", "md5sum", "/padding"])
                            .succeeded().text
                        seen.container = try await supervisor.onlyContainer()["Id"]
                        guard thenKill else { return }
                        supervisor.process.send(SIGKILL)
                        try await supervisor.process.waitForEnd(within: .seconds(10))
                    }
                    return seen
                }
                let first = try await firstTask("always")
                let same = try await firstTask("always")
                #expect(same == first)
                try await registry.push("t/\(fixture.id)")
                let moved = try await firstTask("always")
                #expect(moved.content != first.content && moved.container != first.container)
                try await registry.push("t/\(fixture.id)")
                let asked = proxy.connectionCount
                let kept = try await firstTask("ifNotPresent", thenKill: false)
                #expect(kept == moved)
                #expect(proxy.connectionCount == asked)
            }
        }

        @Test("ifNotPresent and never leave the registry alone", arguments: Engine.all)
        func asksNobody(_ engine: Engine) async throws {
            let registry = try TestRegistry.public
            let proxy = try registry.proxy()
            defer { proxy.stop() }
            for policy in ["ifNotPresent", "never"] {
                try await AcodeFixture.with(
                    "asks-nobody-\(policy)-\(engine)", settings: ["workers.docker.pullPolicy": .string(policy)]
                ) { fixture in
                    let image = "\(proxy.host)/t/\(fixture.id):1"
                    try await registry.push("t/\(fixture.id)")
                    try await fixture.pull(image, ["-q"], on: engine).succeeded()
                    let asked = proxy.connectionCount
                    #expect(asked > 0)
                    var options = PoolOptions()
                    options.image = image
                    try await fixture.withSupervisor(.of(engine), options) { _ in
                        for memory in ["512", "100"] {
                            try await fixture.submitAndWait(["--memory-mb", memory], ["/busybox", "true"]).succeeded()
                        }
                    }
                    #expect(proxy.connectionCount == asked)
                }
            }
        }

        @Test("however many tasks wait for an image, others run, and few are claimed meanwhile", arguments: Engine.all)
        func claims(_ engine: Engine) async throws {
            try await Self.with("image-claims", engine) { fixture, source in
                let (proxy, image) = (source.proxy, source.image)
                try await source.push()
                proxy.inject(.hang, onRequestsContaining: "/manifests/")
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 2)) { _ in
                    // Ahead of all others in the queue.
                    for _ in 1...8 {
                        _ = try await fixture.submit(["--image", image, "--priority", "9"], ["/busybox", "true"])
                    }
                    func held() async throws -> Int {
                        try await fixture.tasks().count { $0["state"] == "inProgress" }
                    }
                    try await eventually("tasks to wait for the image") { try await held() >= 4 }
                    // Of the pool's image, and of one that is there, of which it has not heard.
                    for _ in 1...3 { #expect(try await fixture.runScript("echo meanwhile").text == "meanwhile\n") }
                    let other = try await fixture.submitAndWait(["--image", TestImage.noShell], ["/noshell", "too"])
                    #expect(other.text.contains("too"))
                    #expect(try await held() == 4)
                    proxy.clearFaults()
                    proxy.cutAll()
                    try await eventually("all to be done", within: .seconds(60)) {
                        try await fixture.tasks().allSatisfy { $0["state"] == "complete" && $0["attempt"] == 1 }
                    }
                    #expect(try await fixture.tasks().count == 12)
                }
            }
        }

        @Test("the images of pools are listed", arguments: Engine.all)
        func list(_ engine: Engine) async throws {
            try await AcodeFixture.with("image-list-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let list = ["image", "list", "--engine-socket", try engine.socket]
                    let images = try await fixture.acode(list + ["--json"]).json().elements
                    let standard = try #require(images.first { $0["reference"] == "mcr.microsoft.com/dotnet/sdk:8.0" })
                    #expect(standard["id"] == .null)
                    let used = try #require(images.first { ($0["reference"].string ?? "").contains("acode-test:1") })
                    #expect(used["id"].string?.hasPrefix("sha256:") == true)
                    #expect((used["size"].int ?? 0) > 100_000)
                    let table = try await fixture.acode(list).succeeded()
                    #expect(table.lines.first?.hasPrefix("REFERENCE") == true)
                    #expect(table.text.contains("not here"))
                }
            }
        }
    }
}
