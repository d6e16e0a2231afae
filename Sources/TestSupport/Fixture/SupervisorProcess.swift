internal import Foundation

/// A running `acode worker start`.
package struct SupervisorProcess: Sendable {
    /// Its process.
    package let process: ChildProcess
    /// What its workers are made of.
    package let backend: Backend
    /// Its pool's name.
    package let pool: String
    /// The API of its engine, past any proxy; `nil` for local workers.
    package let api: EngineAPI?
    let fixture: AcodeFixture

    /// `worker list` of its pool.
    package func workers() async throws -> [JSONValue] {
        try await fixture.acode(["worker", "list", "--json"], environment: ["ACODE_WORKERS_POOL": pool]).json().elements
    }

    /// Waits until so many workers are ready or busy and returns all of them.
    ///
    /// - Throws: `NotInTime`; `SupervisorEnded`.
    @discardableResult
    package func waitForWorkers(_ count: Int, within limit: Duration = .seconds(40)) async throws -> [JSONValue] {
        var last: [JSONValue] = []
        return try await eventually(
            "\(count) ready workers", within: limit, every: .milliseconds(50),
            seen: { "\((try? JSONValue.array(last).encoded()) ?? "")\n\(process.errorText)" }
        ) {
            if process.hasEnded { throw SupervisorEnded(words: process.errorText) }
            let answer = try await fixture.acode(
                ["worker", "list", "--json"], environment: ["ACODE_WORKERS_POOL": pool])
            // No supervisor listens yet.
            guard answer.code == 0 else { return nil }
            last = try answer.json().elements
            return last.count { $0["status"] == "idle" || $0["status"] == "busy" } >= count ? last : nil
        }
    }

    /// The pool's containers as the engine sees them.
    package func containers() async throws -> [JSONValue] {
        try await api?.containers(label: "acode.pool=\(pool)") ?? []
    }

    /// The only container of the pool, inspected.
    ///
    /// - Throws: `NotInTime` when there isn't exactly one within 20 s.
    package func onlyContainer() async throws -> JSONValue {
        guard let api else { return .null }
        let id: String = try await eventually("exactly one container of \(pool)") {
            let all = try await containers()
            return all.count == 1 ? all[0]["Id"].string : nil
        }
        return try await api.inspect(id)
    }
}

/// A supervisor ended while a test needed it.
package struct SupervisorEnded: Error, CustomStringConvertible {
    /// What it said.
    package let words: String

    package var description: String { "the supervisor ended: \(words)" }
}

extension AcodeFixture {
    /// Runs `acode worker start` while `body` runs, then stops it with SIGTERM, and returns how it ended.
    ///
    /// - Throws: what `body` throws, with what the supervisor said; `UnexpectedEnd` when it did not end in time, was
    ///   killed by something else than `body`'s SIGKILL, or exited with another code than 0 and may not.
    @discardableResult
    package func withSupervisor(
        _ backend: Backend, _ options: PoolOptions = PoolOptions(),
        _ body: (SupervisorProcess) async throws -> Void
    ) async throws -> FinishedProcess {
        let pool = options.pool ?? self.pool
        var plan = plan(
            try Self.arguments(backend, options), environment: options.environment)
        plan.environment["ACODE_WORKERS_POOL"] = pool
        if let user = options.user { try give(to: user, &plan) }
        if let wrapper = options.wrapper.first {
            plan.arguments = Array(options.wrapper.dropFirst()) + [plan.executable] + plan.arguments
            plan.executable = wrapper
        }
        let api = try Self.api(backend, options)
        var failure: (any Error)?
        let (_, ending) = try await ChildProcess.with(plan, logs: logs, grace: options.grace) { process in
            let supervisor = SupervisorProcess(
                process: process, backend: backend, pool: pool, api: api, fixture: self)
            do {
                if options.waitsForWorkers { try await supervisor.waitForWorkers(options.count) }
                try await body(supervisor)
            } catch {
                failure = error
            }
        }
        let end = ending.process
        if let failure {
            throw FixtureFailure(cause: "\(failure)\n--- the supervisor\n\(end.errorText.suffix(8000))", logs: logs)
        }
        let isWell = end.signal == nil ? end.code == 0 || options.mayFail : end.signal == 9
        guard isWell, !end.wasForced else { throw UnexpectedEnd(process: end) }
        return end
    }

    /// Makes the fixture's directories the user's, and puts the programs there: the place they were built in may be
    /// closed to others.
    private func give(to user: UInt32, _ plan: inout ProcessPlan) throws {
        plan.user = user
        let built = URL(fileURLWithPath: plan.executable).deletingLastPathComponent()
        let programs = URL(fileURLWithPath: "\(directory)/programs")
        try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
        for name in ["acode", "acode-agent"] {
            let copy = programs.appendingPathComponent(name)
            if FileManager.default.fileExists(atPath: copy.path) { continue }
            try FileManager.default.copyItem(at: built.appendingPathComponent(name).resolvingSymlinksInPath(), to: copy)
        }
        plan.executable = programs.appendingPathComponent("acode").path
        for path in [directory, scratch, "\(directory)/tmp"] {
            try FileManager.default.setAttributes(
                [.ownerAccountID: NSNumber(value: user), .groupOwnerAccountID: NSNumber(value: user)],
                ofItemAtPath: path)
        }
    }

    private static func api(_ backend: Backend, _ options: PoolOptions) throws -> EngineAPI? {
        guard let engine = backend.engine else { return nil }
        return try options.engines?.api(engine) ?? engine.api
    }

    private static func arguments(_ backend: Backend, _ options: PoolOptions) throws -> [String] {
        var arguments = ["worker", "start", "--count", String(options.count)]
        if let api = try api(backend, options) {
            arguments += [
                "--mode", "docker", "--image", options.image, "--engine-socket", options.engineSocket ?? api.socket,
            ]
        } else {
            arguments += ["--mode", "local"]
        }
        return arguments + options.flags
    }
}
