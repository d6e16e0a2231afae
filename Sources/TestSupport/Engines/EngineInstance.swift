internal import Foundation

/// Engines of a test's own, which it may restart, kill and pause without disturbing anybody.
package struct EngineInstance: Sendable {
    /// Where everything of the engines is.
    package let directory: String
    private let isLiveRestoring: Bool
    private let remapsUsers: Bool
    private let hasFirewall: Bool

    /// Starts engines, both unless said otherwise, in a directory of their own while `body` runs, then stops them and
    /// removes everything. A Docker that is `liveRestoring` leaves its containers running when it ends. With `diskMiB`
    /// each has a disk of that size for what it keeps: images and containers. What it needs while it runs is elsewhere,
    /// as on other machines. For a Docker that `remapsUsers`, root of containers is user 200000; a Podman gives each container
    /// users of its own. A Docker that `hasFirewall` writes rules of iptables, in a network of its own.
    ///
    /// - Throws: `UnexpectedEnd` of `scripts/engines` when one can't be started or stopped; what `body` throws.
    package static func with<Value: Sendable>(
        _ engines: [Engine] = Engine.all, liveRestoring: Bool = false, diskMiB: Int? = nil, remapsUsers: Bool = false,
        hasFirewall: Bool = false, _ body: (EngineInstance) async throws -> Value
    ) async throws -> Value {
        // Short, because sockets are below it; by its beginning an interrupted run of the tests finds it.
        let instance = EngineInstance(
            directory: "/tmp/acode-e-\(ProcessPlan.runMark ?? "")\(UInt16.random(in: 0...(.max)))",
            isLiveRestoring: liveRestoring,
            remapsUsers: remapsUsers, hasFirewall: hasFirewall)
        if let diskMiB { try await instance.mount(diskMiB, engines) }
        let outcome: Result<Value, any Error>
        do {
            try await instance.script(["start"] + engines.map(\.rawValue))
            outcome = .success(try await body(instance))
        } catch {
            outcome = .failure(error)
        }
        // However the body ended: nobody else stops them.
        try await instance.script(["stop"])
        return try outcome.get()
    }

    /// The Engine API of one of them.
    package func api(_ engine: Engine) -> EngineAPI {
        EngineAPI(engine: engine, socket: "\(directory)/\(engine.rawValue).sock")
    }

    /// `restart`, `halt`, `kill`, `start`, `pause`, `resume` for one of them.
    ///
    /// - Throws: `UnexpectedEnd` when the script fails.
    package func control(_ verb: String, _ engine: Engine) async throws { try await script([verb, engine.rawValue]) }

    /// Where an engine keeps images and containers.
    package func store(of engine: Engine) -> String {
        switch engine {
        case .docker: "\(directory)/docker/data"
        case .podman: "\(directory)/podman/storage"
        }
    }

    /// An address of this host that containers in the engines' own networks reach.
    package var hostAddress: String {
        get throws {
            let number = try String(contentsOfFile: "\(directory)/instance", encoding: .utf8)
            return "10.\(number.trimmingCharacters(in: .whitespacesAndNewlines)).0.1"
        }
    }

    private func mount(_ size: Int, _ engines: [Engine]) async throws {
        for engine in engines {
            let store = store(of: engine)
            try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
            _ = try await ChildProcess.tool(
                ProcessPlan("/bin/mount", ["-t", "tmpfs", "-o", "size=\(size)m", "acode-test", store]),
                within: .seconds(10))
        }
        // By this file `scripts/engines` knows its own directory.
        try Data().write(to: URL(fileURLWithPath: "\(directory)/instance"))
    }

    private func script(_ arguments: [String]) async throws {
        var environment = ProcessPlan.plainEnvironment
        environment["ACODE_ENGINES_DIR"] = directory
        environment["ACODE_ENGINES_LIVE_RESTORE"] = String(isLiveRestoring)
        environment["ACODE_ENGINES_USERNS"] = String(remapsUsers)
        environment["ACODE_ENGINES_FIREWALL"] = String(hasFirewall)
        _ = try await ChildProcess.tool(
            ProcessPlan("\(Checkout.root)/scripts/engines", arguments, environment: environment), within: .seconds(120))
    }
}
