internal import ControlPlane

/// Finds the worker a user means: by the beginning of its id, its container's name or its container's id.
enum WorkerReference {
    /// The one worker, or why there is not exactly one.
    static func choose(_ text: String, from workers: [WorkerSummary]) throws(CommandFailure) -> WorkerSummary {
        if let exact = workers.first(where: { [$0.id, $0.containerName, $0.containerID].contains(text) }) {
            return exact
        }
        let found = text.isEmpty ? [] : workers.filter { names(of: $0).contains { $0.hasPrefix(text) } }
        guard let first = found.first else {
            throw CommandFailure(
                ExitCodes.failed, "there is no worker \(text)",
                hint: "`acode worker list` shows the workers of this pool")
        }
        guard found.count == 1 else {
            let ids = found.map { "  \($0.id)" }.joined(separator: "\n")
            throw CommandFailure(
                ExitCodes.failed, "\"\(text)\" is the beginning of several workers' names:\n\(ids)",
                hint: "give more characters")
        }
        return first
    }

    /// Whether this worker may be the one that a user means.
    static func isMeant(_ worker: WorkerSummary, by text: String) -> Bool {
        !text.isEmpty && names(of: worker).contains { $0.hasPrefix(text) }
    }

    private static func names(of worker: WorkerSummary) -> [String] {
        [worker.id, worker.containerName, worker.containerID].compactMap { $0 }
    }
}
