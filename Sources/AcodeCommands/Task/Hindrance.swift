internal import ControlPlane
internal import Foundation
internal import Settings
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
            if let held = await held(task, in: store) { return held }
            if let overview = try? await QueueOverview.read(store, for: context),
                let queue = overview.unconsumed([task.spec.queue]).first
            {
                return "no supervisor takes tasks of the queue \(queue)"
            }
            let client = ControlClient(socketPath: context.layout.controlSocket, deadline: .seconds(2))
            guard let status = try? await client.status() else { return nil }
            if let reason = status.pressure?.first { return "the pool takes no tasks for now: \(reason)" }
            return words(status.troubles, isOfOwnImage: task.spec.image != nil)
        default: return nil
        }
    }

    /// What people said about its queue, where that keeps it from running.
    private static func held(_ task: QueuedTask, in store: any TaskStore) async -> String? {
        guard let control = try? await store.queueControls().first(where: { $0.queue == task.spec.queue }) else {
            return nil
        }
        if let pause = control.pause {
            let why = pause.reason.map { ": \($0)" } ?? ""
            return "the queue \(control.queue) was paused by \(pause.by) at \(StableJSON.text(of: pause.since))\(why)"
        }
        guard let most = control.maxRunning, let counts = try? await store.counts(),
            counts.contains(where: { $0.queue == control.queue && $0.state == .inProgress && $0.count >= most })
                || most == 0
        else { return nil }
        return "of the queue \(control.queue) at most \(most) run at once"
    }

    /// What the supervisor's troubles mean for a task that waits in the queue.
    static func words(_ troubles: [SupervisorSummary.Trouble], isOfOwnImage: Bool) -> String? {
        guard !isOfOwnImage, let own = troubles.first(where: \.isOwn) else { return nil }
        return
            "no worker can be started now: \(own.reason); the next one is tried at \(StableJSON.text(of: own.retryAt))"
    }
}
