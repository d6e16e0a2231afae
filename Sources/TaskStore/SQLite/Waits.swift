internal import GRDB

extension SQLiteTaskStore {
    package func waits() async throws(StoreError) -> [QueueWait] {
        let now = StoredTime.milliseconds(clock.now())
        return try await read("look for what waits longest") { db in
            var waits: [QueueWait] = []
            // No queue sorts before the empty text.
            while let queue = try String.fetchOne(
                db.cachedStatement(sql: LaneSQL.nextQueue), arguments: [waits.last?.queue ?? ""])
            {
                let since = try WaitSQL.since(queue, db) ?? now
                waits.append(QueueWait(queue: queue, longest: .milliseconds(max(0, now - since))))
            }
            return waits
        }
    }
}

/// The statements that look at the beginning of each lane of a queue; a test explains them.
enum WaitSQL {
    private static let lane = """
        FROM ready WHERE queue = ? AND container = ? AND unnamed = ?
        """
    static let nextPriority = "SELECT priority \(lane) AND priority < ? ORDER BY priority DESC LIMIT 1"
    static let first = """
        SELECT (SELECT run_at FROM task_state s WHERE s.seq = ready.seq) \(lane) AND priority = ?
        ORDER BY seq LIMIT \(lookedAt)
        """
    /// Tasks of each priority, and priorities of each lane.
    static let (lookedAt, most) = (100, 100)

    /// When the one that has waited longest was due.
    static func since(_ queue: String, _ db: Database) throws -> Int64? {
        var since: Int64?
        for (container, unnamed) in [(false, false), (false, true), (true, false), (true, true)] {
            var priority = Int64.max
            for _ in 0..<most {
                let next = try Int64.fetchOne(
                    db.cachedStatement(sql: nextPriority), arguments: [queue, container, unnamed, priority])
                guard let next else { break }
                priority = next
                let times = try Int64.fetchAll(
                    db.cachedStatement(sql: first), arguments: [queue, container, unnamed, priority])
                if let earliest = times.min() { since = min(since ?? earliest, earliest) }
            }
        }
        return since
    }
}
