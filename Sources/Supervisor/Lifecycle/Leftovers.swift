internal import TaskModel

/// What earlier supervisors of a pool left, after everything was done to remove it. Pure.
struct Leftovers: Sendable {
    /// The rows of their workers.
    var workers: [WorkerRecord]
    /// Containers that still run, with the worker and the supervisor on their labels; `nil` when nobody could be asked.
    var containers: [(worker: String, supervisor: String)]?
    /// Local workers of which a process still lives.
    var processes: Set<WorkerID> = []

    /// Whether nothing of a worker runs any more, as far as anyone can know.
    func isGone(_ worker: WorkerRecord) -> Bool {
        switch worker.mode {
        case .local: !processes.contains(worker.id)
        case .docker: containers.map { !$0.contains { $0.worker == worker.id.rawValue } } ?? false
        }
    }

    /// Whether no task of a supervisor runs any more. A row is written before its container is made, so that without rows
    /// of containers there is none, whoever could be asked.
    func isGone(_ supervisor: SupervisorID) -> Bool {
        workers.allSatisfy { $0.supervisor != supervisor || isGone($0) }
            && !(containers ?? []).contains { $0.supervisor == supervisor.rawValue }
    }

    /// Whether a directory named after a worker is in use.
    func isInUse(directory name: String) -> Bool {
        workers.contains { $0.id.rawValue == name && !isGone($0) } || (containers ?? []).contains { $0.worker == name }
    }
}
