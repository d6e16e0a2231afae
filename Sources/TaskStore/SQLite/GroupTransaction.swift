internal import GRDB

/// One transaction that holds many writes. Begun already when it is made.
struct GroupTransaction {
    /// How it went.
    enum Outcome {
        /// It is on the disk; the closures tell each caller how its own write went.
        case committed([@Sendable () -> Void])
        /// Nothing of it was kept.
        case lost(any Error)
    }

    let db: Database
    let now: Int64

    func run(_ batch: [PendingWrite]) -> Outcome {
        let scope = WriteScope(db: db, now: now)
        var answers: [@Sendable () -> Void] = []
        answers.reserveCapacity(batch.count)
        do {
            if batch.count == 1 {
                // One that fails takes nobody with it.
                for write in batch { answers.append(try write.run(scope)) }
            } else {
                for write in batch { answers.append(try run(write, in: scope)) }
            }
            try scope.foldCounts()
            try RawStatement.run(db, "COMMIT")
            return .committed(answers)
        } catch {
            // SQLite may have given the transaction up itself.
            if db.isInsideTransaction { try? db.execute(sql: "ROLLBACK") }
            return .lost(error)
        }
    }

    /// Runs one write in its savepoint. Throws only when the whole transaction is lost.
    private func run(_ write: PendingWrite, in scope: WriteScope) throws -> @Sendable () -> Void {
        let counts = scope.counts
        try RawStatement.run(db, "SAVEPOINT one")
        do {
            let answer = try write.run(scope)
            try RawStatement.run(db, "RELEASE one")
            return answer
        } catch {
            guard db.isInsideTransaction else { throw error }
            try scope.run("ROLLBACK TO one")
            try scope.run("RELEASE one")
            scope.counts = counts
            let failure = StoreError(error, operation: write.operation)
            return { write.fail(failure) }
        }
    }
}
