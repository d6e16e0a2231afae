package import TaskModel

/// What came of one specification that was submitted.
package struct Submission: Sendable, Equatable {
    /// The task: the new one, or the one that has its unique key already.
    package var task: QueuedTask
    /// Whether it was made now.
    package var isNew: Bool

    /// Tells what came of it.
    package init(task: QueuedTask, isNew: Bool) {
        self.task = task
        self.isNew = isNew
    }
}

extension TaskStore {
    package func submit(_ specs: [TaskSpec]) async throws(StoreError) -> [QueuedTask] {
        try await accept(specs).map(\.task)
    }
}
