import TaskModel
import TaskStore

extension TaskStore {
    /// As a supervisor would that works under no lease.
    func recoverExpired(maxDeliveries: Int) async throws(StoreError) -> [TaskID] {
        try await recoverExpired(maxDeliveries: maxDeliveries, sparing: []).map(\.task)
    }
}
