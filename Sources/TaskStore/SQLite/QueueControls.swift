internal import Foundation
internal import GRDB
internal import TaskModel

extension SQLiteTaskStore {
    package func control(_ queue: String, _ change: QueueChange) async throws(StoreError) -> QueueControl {
        let queue = StoredText.clean(queue)
        let author = AuditAuthor.current
        return try await writer.perform("control a queue") { scope in
            try scope.apply(change, to: queue)
            let (action, detail) = change.audited
            try scope.audit(author, action, task: nil, queue: queue, detail)
            return try scope.first("\(QueueControl.select) WHERE queue = ?", [queue]).map(QueueControl.init)
                ?? QueueControl(queue: queue)
        }
    }

    package func queueControls() async throws(StoreError) -> [QueueControl] {
        try await read("read what is said about queues") { db in
            try Row.fetchAll(db.cachedStatement(sql: "\(QueueControl.select) ORDER BY queue LIMIT \(QueryLimit.rows)"))
                .map(QueueControl.init)
        }
    }
}

extension WriteScope {
    fileprivate func apply(_ change: QueueChange, to queue: String) throws {
        try run("INSERT OR IGNORE INTO queue_control (queue) VALUES (?)", [queue])
        switch change {
        case .pause(let by, let reason):
            try run(
                """
                UPDATE queue_control SET paused_at = ?, paused_by = ?, pause_reason = ?
                WHERE queue = ? AND paused_at IS NULL
                """, [now, StoredText.clean(by), StoredText.clean(reason), queue])
        case .resume:
            try run(
                "UPDATE queue_control SET paused_at = NULL, paused_by = NULL, pause_reason = NULL WHERE queue = ?",
                [queue])
        case .limit(let most):
            try run("UPDATE queue_control SET max_running = ? WHERE queue = ?", [most.map { max(0, $0) }, queue])
        }
        // Claims read all rows there are.
        try run(
            "DELETE FROM queue_control WHERE queue = ? AND paused_at IS NULL AND max_running IS NULL", [queue])
    }

    /// How many tasks may be claimed of the queues that are not open without limit.
    func queueRoom() throws -> [String: Int] {
        var room: [String: Int] = [:]
        var select = try raw("SELECT queue, CASE WHEN paused_at IS NULL THEN max_running END FROM queue_control")
        defer { select.reset() }
        while try select.step() {
            let queue = select.text(0)
            room[queue] = try select.optionalInt(1).map { max(0, Int($0) - (try running(queue))) } ?? 0
        }
        return room
    }

    /// Tasks of a queue that run now, those counted that this transaction has moved already.
    private func running(_ queue: String) throws -> Int {
        let stored = try first(
            "SELECT count FROM queue_count WHERE queue = ? AND state = 'inProgress'", [queue]
        )
        let moved = counts.change(of: CountDeltas.Key(queue: queue, state: .inProgress))
        return (stored.map { $0[0] as Int } ?? 0) + moved
    }
}

extension QueueControl {
    fileprivate static let select = "SELECT queue, paused_at, paused_by, pause_reason, max_running FROM queue_control"

    fileprivate init(_ row: Row) {
        self.init(queue: row[0], maxRunning: row[4])
        if let since = row[1] as Int64? {
            pause = Pause(since: StoredTime.date(since), by: row[2] ?? "", reason: row[3])
        }
    }
}
