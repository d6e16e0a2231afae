package import TaskModel
package import WorkerPool

extension Supervisor {
    /// What holds a worker in its place; `nil` when there is no such worker.
    package func review(of worker: WorkerID) async throws(WorkerError) -> WorkerReview? {
        guard let worker = current?.pool.workers.first(where: { $0.id == worker }) else { return nil }
        return try await worker.review()
    }
}
