internal import ControlPlane
internal import Foundation
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// Why a task that could run does not.
enum Hindrance {
    /// In plain words, without a full stop; `nil` when nothing is known to stand in its way. Asks the pool's supervisor,
    /// if there is one, for no longer than two seconds.
    static func of(_ task: QueuedTask, in store: any TaskStore, _ context: CommandContext) async -> String? {
        switch task.state {
        case .inProgress where task.startedAt == nil:
            let events = (try? await store.events(of: task.id, after: 0)) ?? []
            return events.last { $0.attempt == task.attempt && $0.kind == .warning }.map(\.message)
        case .enqueued:
            let client = ControlClient(socketPath: context.layout.controlSocket, deadline: .seconds(2))
            guard let status = try? await client.status() else { return nil }
            return words(status.troubles, isOfOwnImage: task.spec.image != nil)
        default: return nil
        }
    }

    /// What the supervisor's troubles mean for a task that waits in the queue.
    static func words(_ troubles: [SupervisorSummary.Trouble], isOfOwnImage: Bool) -> String? {
        guard !isOfOwnImage, let own = troubles.first(where: \.isOwn) else { return nil }
        return
            "no worker can be started now: \(own.reason); the next one is tried at \(StableJSON.text(of: own.retryAt))"
    }
}
