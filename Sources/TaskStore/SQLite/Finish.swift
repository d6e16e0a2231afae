internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func finish(_ results: [(lease: Lease, result: AttemptResult)]) async throws(StoreError) -> Set<Lease> {
        guard !results.isEmpty else { return [] }
        return try await writer.perform("finish") { scope in
            var current: Set<Lease> = []
            current.reserveCapacity(results.count)
            var select = try scope.raw(WriteScope.heldSQL)
            var settling = try Settling(scope)
            for (lease, result) in results {
                guard var held = try scope.held(lease, &select) else { continue }
                // Told here too, because the end of a short command may overtake the news of its start.
                if let worker = result.worker, let at = result.startedAt, !held.hasStarted {
                    try scope.start(&held, worker: worker, at: at)
                }
                let settlement = Settlement.ended(result, cancelRequested: held.cancelRequested)
                try settling.settle(held, settlement, result, endedBy: lease)
                current.insert(lease)
            }
            return current
        }
    }
}
