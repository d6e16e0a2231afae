internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func deadLetters(matching filter: DeadLetterFilter) async throws(StoreError) -> [QueuedTask] {
        let now = StoredTime.milliseconds(clock.now())
        let rows = try await read("list dead letters") { db in
            let query = DeadLetterQuery(filter, columns: TaskRow.columns, now: now, newestFirst: true)
            return try Row.fetchAll(db, sql: query.sql, arguments: query.arguments).map(TaskRow.init)
        }
        var tasks: [QueuedTask] = []
        tasks.reserveCapacity(rows.count)
        for row in rows { tasks.append(try row.letter("list dead letters")) }
        return tasks
    }

    package func requeue(
        deadLetters filter: DeadLetterFilter, fromStart: Bool
    ) async throws(StoreError) -> [TaskID] {
        let author = AuditAuthor.current
        return try await writer.perform("requeue dead letters") { scope in
            // Of two with one unique key the older goes first, and the other one stays.
            try scope.deadLetters(filter, sparing: .heldKeys).compactMap { letter in
                try scope.beginAgain(letter.standing, letter.id, author, fromStart: fromStart) ? letter.id : nil
            }
        }
    }

    package func purge(deadLetters filter: DeadLetterFilter) async throws(StoreError) -> [TaskID] {
        let author = AuditAuthor.current
        return try await writer.perform("purge dead letters") { scope in
            try scope.deadLetters(filter).map { letter in
                try scope.forget(letter.standing)
                try scope.audit(author, .purge, task: letter.id, queue: letter.standing.queue, "forgotten")
                return letter.id
            }
        }
    }
}

extension WriteScope {
    /// The dead letters that fit, oldest first.
    fileprivate func deadLetters(
        _ filter: DeadLetterFilter, sparing spared: DeadLetterQuery.Spared = .none
    ) throws -> [(id: TaskID, standing: Standing)] {
        let columns = "t.id, s.seq, s.attempt, s.queue, s.cancel_requested"
        let query = DeadLetterQuery(filter, columns: columns, now: now, newestFirst: false, sparing: spared)
        return try Row.fetchAll(db, sql: query.sql, arguments: query.arguments).map { row in
            (
                TaskID(rawValue: row[0]),
                Standing(seq: row[1], state: .error, attempt: row[2], queue: row[3], cancelRequested: row[4])
            )
        }
    }

    /// The tables with rows of tasks beside `task` and `task_state`; a test compares them with the schema.
    static var historyTables: [String] { ["unique_claim", "event", "attempt", "checkpoint"] }

    /// Removes every trace of a task that has no lease.
    func forget(_ found: Standing) throws {
        for table in Self.historyTables { try run("DELETE FROM \(table) WHERE task_seq = ?", [found.seq]) }
        try run("DELETE FROM task_state WHERE seq = ?", [found.seq])
        try run("DELETE FROM task WHERE seq = ?", [found.seq])
        counts.move(queue: found.queue, from: found.state, to: nil)
    }
}
