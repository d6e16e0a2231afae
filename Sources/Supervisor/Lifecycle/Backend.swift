internal import ContainerEngine
internal import Foundation
internal import Glibc
internal import Logging
internal import Settings
internal import TaskModel
internal import WorkerPool

extension Supervisor {
    /// What the workers will be made of.
    struct Backend: Sendable {
        var engine: EngineClient?
        /// What the engine said of itself at the start.
        var info: EngineInfo?
        /// Who the users of its containers are on this host.
        var users = UserMapping.same
        var fallbackReason: String?

        var mode: WorkerMode { engine == nil ? .local : .docker }
    }

    /// Finds the engine, or decides for local processes.
    ///
    /// - Throws: `engine_unavailable` when containers are asked for, there is no engine, and falling back is not allowed.
    func chooseBackend() async throws(SupervisorError) -> Backend {
        // Who runs no tasks needs no engine.
        guard settings.workers.mode == .docker, duties.runsTasks else { return Backend() }
        do {
            return try await welcome(try await findEngine(logger: logger))
        } catch {
            guard settings.workers.fallback else {
                throw SupervisorError(.engineUnavailable, error.message, hint: error.hint)
            }
            try requireOpenNetwork(error)
            logger.warning(
                "no container engine: falling back to local processes, which isolate tasks less",
                metadata: ["error.message": "\(error.message)", "hint": "\(error.hint ?? "run `acode doctor`")"])
            return Backend(fallbackReason: error.message)
        }
    }

    /// - Throws: `users_unreachable` when tasks could not use what is made for them.
    private func users(of info: EngineInfo?, on engine: EngineClient) throws(SupervisorError) -> UserMapping {
        guard let info else { return .same }
        do throws(UserMappingProblem) {
            return try UserMapping(
                info, kind: engine.identity.kind, user: settings.workers.docker.user,
                own: ContainerUser(uid: geteuid(), gid: getegid()))
        } catch {
            throw SupervisorError(.usersUnreachable, error.message, hint: error.hint)
        }
    }

    /// The first engine that answers.
    func findEngine(logger: Logger) async throws(EngineError) -> EngineClient {
        let candidates = try EngineDiscovery.candidates(
            explicitSocket: settings.workers.docker.socket, environment: ProcessInfo.processInfo.environment,
            userID: getuid())
        return try await EngineClient.discover(candidates: candidates, logger: logger)
    }

    /// Tells operators what was found, and what it can't do, where that is news.
    ///
    /// - Throws: when the engine does not say what it is: who its users are and where its data is must be known before
    ///   anything is made. The client is of no use then.
    func welcome(_ engine: EngineClient, isNews: Bool = true) async throws(EngineError) -> Backend {
        let info: EngineInfo
        do {
            info = try await engine.info()
        } catch {
            engine.shutdown()
            throw error
        }
        if isNews {
            logger.info(
                "engine found",
                metadata: [
                    "engine.kind": "\(engine.identity.kind.rawValue)", "engine.version": "\(engine.identity.version)",
                    "engine.endpoint": "\(engine.endpoint.socketPath)",
                ])
            warnOfLimits(info, on: engine)
        }
        return Backend(engine: engine, info: info, users: (try? users(of: info, on: engine)) ?? .same)
    }

    func mountPolicy(_ backend: Backend) -> MountPolicy {
        MountPolicy(
            settings: settings, engineSocket: backend.engine?.endpoint.socketPath,
            engineData: backend.info?.dataDirectory)
    }

    /// Finds at the start what would make every worker fail.
    ///
    /// - Throws: `agent_missing`, `mount_refused`, `users_unreachable`.
    func checkPool(_ backend: Backend) throws(SupervisorError) {
        guard access(options.agentExecutable, X_OK) == 0 else {
            throw SupervisorError(
                .agentMissing, "\(options.agentExecutable) is missing or can't be executed",
                hint: "install acode-agent beside acode, or name it with ACODE_AGENT_PATH")
        }
        guard backend.mode == .docker else { return }
        if let engine = backend.engine { _ = try users(of: backend.info, on: engine) }
        for mount in settings.workers.docker.mounts {
            do {
                try mountPolicy(backend).check(poolMount: mount)
            } catch {
                throw SupervisorError(.mountRefused, error.message, hint: "change workers.docker.mounts")
            }
        }
    }
}
