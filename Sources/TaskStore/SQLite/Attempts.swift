package import Foundation
internal import GRDB
internal import Synchronization
package import TaskModel

extension SQLiteTaskStore {
    package func start(_ lease: Lease, worker: WorkerID, at: Date) async throws(StoreError) -> Bool {
        try await writer.perform("start", surviving: .processEnd) { scope in
            guard var held = try scope.held(lease) else { return false }
            try scope.start(&held, worker: worker, at: at)
            return true
        }
    }

    package func renew(_ leases: [Lease], for duration: Duration) async throws(StoreError) -> [LeaseStatus] {
        guard !leases.isEmpty else { return [] }
        clockJumps.withLock { $0.renewing(for: StoredTime.milliseconds(duration)) }
        return try await writer.perform("renew", surviving: .processEnd) { scope in
            let until = StoredTime.add(StoredTime.milliseconds(duration), to: scope.now)
            return try leases.map { lease in
                guard let held = try scope.held(lease), held.hardUntil.map({ $0 > scope.now }) ?? true else {
                    return LeaseStatus(lease: lease, isHeld: false, cancelRequested: false)
                }
                try scope.run("UPDATE lease SET lease_until = ? WHERE task_seq = ?", [until, held.seq])
                return LeaseStatus(lease: lease, isHeld: true, cancelRequested: held.cancelRequested)
            }
        }
    }

    package func record(
        _ kind: TaskEvent.Kind, message: String, progress: Double?, lease: Lease
    ) async throws(StoreError) {
        try await writer.perform("record", surviving: .processEnd) { scope in
            guard let held = try scope.held(lease) else { return }
            if let percent = StoredPercent.clean(progress) {
                try scope.run(
                    "UPDATE lease SET progress = ? WHERE task_seq = ?", [percent, held.seq])
            }
            try scope.note(kind, message, task: held.seq, attempt: held.attempt)
        }
    }
}
