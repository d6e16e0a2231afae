internal import ContainerEngine
internal import Settings
internal import Synchronization
internal import TaskModel

/// What a look ahead found, kept for the start that follows it.
final class StartCheck: Sendable {
    private let found = Mutex<Supervisor.Backend?>(nil)

    func keep(_ backend: Supervisor.Backend) { found.withLock { $0 = backend } }

    /// What was found, once.
    func take() -> Supervisor.Backend? {
        found.withLock { found in
            defer { found = nil }
            return found
        }
    }
}

extension Supervisor {
    /// Finds out, without holding the pool, what would keep this supervisor from taking a running one's workers over: that
    /// one would have ended for nothing.
    ///
    /// - Parameter kind: of the engine that has those workers; `nil` when there is none.
    /// - Throws: as `run` does before it serves; `engine_unavailable` when it would have local workers, `handover_refused`
    ///   also when it would look for them in another engine.
    package func checkTakeover(on kind: String?) async throws(SupervisorError) {
        guard settings.workers.mode == .docker else {
            throw SupervisorError(
                .handoverRefused, "a supervisor of local processes can't take workers over",
                hint: "end the running one with `acode worker drain --wait`, then start this one")
        }
        try layout.prepare()
        let backend = try await chooseBackend()
        guard let engine = backend.engine else {
            throw SupervisorError(
                .engineUnavailable, "no engine, so no workers could be taken over: \(backend.fallbackReason ?? "")",
                hint: "run `acode doctor`")
        }
        do throws(SupervisorError) {
            let own = engine.identity.kind.rawValue
            if let kind, kind != own {
                throw SupervisorError(
                    .handoverRefused, "the workers are \(kind)'s, and this supervisor would use \(own)",
                    hint: "choose its engine with --engine-socket, or end it with `acode worker drain --wait` first")
            }
            try checkPool(backend)
            try await checkNetwork(backend)
        } catch {
            engine.shutdown()
            throw error
        }
        startCheck.keep(backend)
    }
}
