internal import ControlPlane
internal import Foundation
internal import Settings
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// What the store knows of its queues, for commands and for monitoring alike.
struct QueueOverview {
    var counts: [QueueCount] = []
    var controls: [QueueControl] = []
    var waits: [QueueWait] = []
    /// Those that live.
    var supervisors: [SupervisorRecord] = []

    /// Asks a store. Supervisors that were not seen for as long as `lease` are no consumers any more.
    ///
    /// - Parameter time: the store's; a supervisor needs none, because it is seen itself.
    static func read(
        _ store: any TaskStore, lease: Duration, time: StoreTime? = nil
    ) async throws(StoreError) -> QueueOverview {
        let supervisors = try await store.supervisors()
        let now = await time?.now(supervisors: supervisors, lease: lease)
        return QueueOverview(
            counts: try await store.counts(), controls: try await store.queueControls(),
            waits: try await store.waits(), supervisors: supervisors.living(within: lease, at: now))
    }

    /// As seen by a command.
    static func read(_ store: any TaskStore, for context: CommandContext) async throws(StoreError) -> QueueOverview {
        let settings = context.settings
        return try await read(store, lease: settings.queue.lease, time: StoreTime(settings.store))
    }

    /// Every queue that has tasks, is paused or limited, or is named by a supervisor, by name.
    var queues: [QueueSummary] {
        var rows: [String: QueueSummary] = [:]
        func change(_ queue: String, _ body: (inout QueueSummary) -> Void) {
            var row = rows[queue] ?? QueueSummary(queue: queue, counts: Self.none)
            body(&row)
            rows[queue] = row
        }
        for count in counts {
            change(count.queue) { row in
                row.counts[count.state.rawValue, default: 0] += count.count
                if count.state == .error { row.deadLetters += count.count }
            }
        }
        for control in controls {
            change(control.queue) { row in
                row.paused = control.pause.map { .init(since: $0.since, by: $0.by, reason: $0.reason) }
                row.maxRunning = control.maxRunning
            }
        }
        for wait in waits { change(wait.queue) { $0.oldestWaitingSeconds = wait.longest / .seconds(1) } }
        for queue in supervisors.flatMap(\.queues) where !queue.isEmpty { change(queue) { _ in } }
        return rows.values.sorted { $0.queue < $1.queue }.map { row in
            var row = row
            row.consumers = supervisors.filter { $0.queues.isEmpty || $0.queues.contains(row.queue) }.map {
                .init(supervisor: $0.id.rawValue, pool: $0.pool, host: $0.host)
            }
            return row
        }
    }

    /// Of some queues those that no supervisor consumes, each once.
    func unconsumed(_ queues: [String]) -> [String] {
        var left: [String] = []
        for queue in queues where !left.contains(queue) {
            if !supervisors.contains(where: { $0.queues.isEmpty || $0.queues.contains(queue) }) { left.append(queue) }
        }
        return left
    }

    private static let none = Dictionary(uniqueKeysWithValues: TaskState.allCases.map { ($0.rawValue, 0) })
}

extension QueueSummary.Pause {
    /// Who, since when and why, for people.
    func words(now: Date) -> String { QueueControl.Pause(since: since, by: by, reason: reason).words(now: now) }
}
