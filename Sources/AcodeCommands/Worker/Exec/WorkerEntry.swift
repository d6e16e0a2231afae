internal import ContainerEngine
internal import ControlPlane

/// Whether a command can be run in a worker now, and if not, why.
struct WorkerEntry {
    let worker: WorkerSummary
    /// `state.dir`, where local workers have their directories.
    let stateDirectory: String

    /// The engine's id of the container to enter.
    ///
    /// - Throws: 75 for a container that does not run now, 1 for what never is one.
    func container() throws(CommandFailure) -> String {
        if let reason = worker.reason {
            throw notNow("it is \(worker.status): \(reason)")
        }
        guard worker.containerName != nil else {
            throw CommandFailure(
                ExitCodes.failed, "the worker \(worker.id) is no running container, so there is nothing to enter",
                hint: "it is a process of this host; its tasks start in \(stateDirectory)/workers/\(worker.id)")
        }
        guard let container = worker.containerID, !Self.withoutContainer.contains(worker.status) else {
            throw notNow("it is \(worker.status)")
        }
        return container
    }

    /// What to say when the engine refused although the worker was thought to run. `state` is the container's own, `nil`
    /// when it is gone.
    func refusal(_ state: ContainerStatus?) -> CommandFailure {
        notNow(state.map { "its container is \($0.rawValue)" } ?? "its container is gone")
    }

    /// What a worker is called while no process runs in its container.
    private static let withoutContainer: Set = ["provisioning", "starting", "stopping", "stopped", "failed"]

    private func notNow(_ why: String) -> CommandFailure {
        CommandFailure(
            ExitCodes.tryAgain, "can't run a command in the worker \(worker.id): \(why)",
            hint: "try again in a moment, or choose another: `acode worker list` shows the workers of this pool")
    }
}
