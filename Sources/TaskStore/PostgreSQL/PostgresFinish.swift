internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func finish(_ results: [(lease: Lease, result: AttemptResult)]) async throws(StoreError) -> Set<Lease> {
        guard !results.isEmpty else { return [] }
        return try await ends.write(results) { [self] together in
            do throws(StoreError) { return .success(try await finish(together: together)) } catch {
                return .failure(error)
            }
        }
    }

    private func finish(
        together results: [(lease: Lease, result: AttemptResult)]
    ) async throws(StoreError) -> Set<Lease> {
        var current: Set<Lease> = []
        for start in stride(from: 0, to: results.count, by: 500) {
            current.formUnion(try await finish(batch: Array(results[start..<min(results.count, start + 500)])))
        }
        return current
    }

    private func finish(
        batch results: [(lease: Lease, result: AttemptResult)]
    ) async throws(StoreError) -> Set<Lease> {
        var endings = PostgresEndings()
        for (lease, result) in results {
            endings.add(lease, result) { cancelRequested in
                PostgresEndings.Decision(
                    settlement: .ended(result, cancelRequested: cancelRequested), reason: result.reason)
            }
        }
        guard !endings.isEmpty else { return [] }
        do throws(StoreError) {
            return try await settle(endings, "finish")
        } catch {
            guard error.code == .unavailable else { throw error }
            // The answer was lost, and perhaps nothing else: what was written must not be told to be refused, so it is
            // looked for. Unless all is there the caller hears of the loss and tries again: those that are may have been
            // written before, and say nothing of the others.
            let leases = results.map(\.lease)
            guard let written = try? await writtenAlready(leases), written.isSuperset(of: leases) else { throw error }
            return written
        }
    }

    /// Ends attempts in one statement, and returns the leases that were current.
    func settle(
        _ endings: PostgresEndings, _ operation: String, onlyExpired: Bool = false
    ) async throws(StoreError) -> Set<Lease> {
        let columns = endings.columns
        let query = PostgresQuery(
            PostgresSettleSQL.settle,
            columns.values + [
                clock, me, .int(StoredTime.latestMilliseconds), .bool(onlyExpired), columns.words, columns.progress,
            ])
        let rows = try await run(query, operation)
        let current = try leases(in: rows)
        if !current.isEmpty { await foldSometimes() }
        return current
    }

    private func writtenAlready(_ leases: [Lease]) async throws(StoreError) -> Set<Lease> {
        let given = leases.compactMap { lease in UUIDBytes(lease.taskID.rawValue).map { ($0, lease) } }
        let rows = try await run(
            PostgresQuery(
                PostgresSettleSQL.written,
                [
                    .uuids(given.map(\.0)), .ints(given.map { Int64($0.1.attempt) }), .ints(given.map(\.1.token)),
                ]), "finish", isRepeatable: true)
        return try self.leases(in: rows)
    }

    private func leases(in rows: PostgresRows) throws(StoreError) -> Set<Lease> {
        do throws(PostgresError) {
            return Set(
                try rows.map { row throws(PostgresError) in
                    Lease(
                        taskID: TaskID(rawValue: try row.uuid(0).text), attempt: Int(try row.int(1)),
                        token: try row.int(2))
                })
        } catch {
            throw StoreError(error)
        }
    }
}
