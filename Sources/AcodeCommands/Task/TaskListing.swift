internal import Foundation
internal import TaskModel

extension Listing where Item == QueuedTask {
    /// Tasks in a table, as ids or as JSON.
    static func tasks(_ tasks: [QueuedTask], now: Date) -> Listing {
        // Most tasks report no progress, and are of no type.
        let hasProgress = tasks.contains { $0.progress != nil }
        let hasTypes = tasks.contains { $0.spec.type != nil }
        let titles = ["id"] + (hasTypes ? ["type"] : []) + ["name", "state", "outcome", "code", "queue", "age", "took"]
        return Listing(
            items: tasks,
            columns: (titles + (hasProgress ? ["done"] : []) + ["command"]).map {
                Table.Column(title: $0, isRight: ["code", "took", "done"].contains($0))
            },
            cells: { task in
                let done = task.progress.map { "\(Int($0)) %" } ?? ""
                let took = task.startedAt.map { max(0, (task.finishedAt ?? now).timeIntervalSince($0)) }
                var cells = [Table.Cell(task.id.rawValue)]
                if hasTypes { cells.append(Table.Cell((task.spec.type ?? "").shortened(to: 24))) }
                cells += [
                    Table.Cell((task.spec.name ?? "").shortened(to: 24)),
                    Table.Cell(task.state.rawValue, task.style), Table.Cell(task.outcome?.rawValue ?? ""),
                    Table.Cell(task.exitCode.map(String.init) ?? ""), Table.Cell(task.spec.queue),
                    Table.Cell(HumanText.age(task.createdAt, now: now)),
                    Table.Cell(took.map(HumanText.duration) ?? ""),
                ]
                if hasProgress { cells.append(Table.Cell(done)) }
                cells.append(Table.Cell(HumanText.command(task.spec.command).shortened(to: 48)))
                return cells
            },
            id: \.id.rawValue, json: { TaskSummary(task: $0) })
    }
}

extension QueuedTask {
    /// How its state looks.
    var style: TextStyle {
        switch state {
        case .pending: .dim
        case .enqueued: .plain
        case .inProgress, .enqueuedForOrchestration: .active
        case .complete, .resolvedManually: .good
        case .error: .bad
        case .cancelled: .attention
        }
    }
}
