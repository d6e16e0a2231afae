internal import Logging
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Keeps the rows of workers in the store.
struct StoreJournal: WorkerJournal {
    let store: any TaskStore
    let logger: Logger

    func record(_ worker: WorkerRecord) async throws { try await store.save(worker) }

    func forget(_ worker: WorkerID) async {
        do {
            try await store.remove(worker: worker)
        } catch {
            logger.warning(
                "could not remove a worker's row",
                metadata: ["worker.id": "\(worker)", "error.message": "\(error)"])
        }
    }
}
