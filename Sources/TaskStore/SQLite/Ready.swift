internal import GRDB

// What waits to be claimed: a row of `ready` for each task in state `enqueued` that has no lease.
extension WriteScope {
    /// Lets a task be claimed.
    func ready(_ seq: Int64) throws {
        var insert = try raw(
            """
            INSERT INTO ready (queue, container, unnamed, priority, seq, image, expire_at)
            SELECT queue, container, image IS NULL, priority, seq, image, expire_at FROM task_state WHERE seq = ?
            """)
        insert.bind(seq)
        try insert.run()
    }

    /// Lets a task be claimed no more, if it could be.
    func unready(_ seq: Int64) throws {
        let row = try first(
            "SELECT queue, container, image IS NULL, priority FROM task_state WHERE seq = ?", [seq])
        guard let row else { return }
        var delete = try raw(ClaimSQL.take)
        delete.bind(row[0] as String)
        delete.bind(row[1] as Int64)
        delete.bind(row[2] as Int64)
        delete.bind(row[3] as Int64)
        delete.bind(seq)
        try delete.run()
    }
}
