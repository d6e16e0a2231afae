internal import ContainerEngine

/// Finds out whether a container could not be started because its users are others on this host although its engine never
/// said so: a Podman that is root and has `userns` in its `containers.conf` gives each container users of its own.
struct UnsaidUsers: Sendable {
    let engine: EngineClient
    /// What the engine said of its users.
    let said: UserMapping

    /// The engine's refusal of a container with its cause; `nil` when it has another.
    func explain(_ error: EngineError, _ container: String?) async -> WorkerError? {
        guard said == .same, !error.isEngineUnavailable, let container,
            (try? await engine.hasUsersOfItsOwn(container)) == true
        else { return nil }
        return WorkerError(
            .configurationRefused,
            "the engine gives each container other users than this host's (userns in its containers.conf), who can't use "
                + "the directories of a worker: leave userns out there, or use a rootless Podman; it said: \(error)")
    }
}
