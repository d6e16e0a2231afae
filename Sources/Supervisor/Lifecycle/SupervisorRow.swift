internal import Foundation
internal import Glibc
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore

/// The supervisor's row in the store, by which others know that it lives.
extension Supervisor {
    func record() -> SupervisorRecord {
        var record = SupervisorRecord(
            id: id, pool: settings.workers.pool, installation: installationID, boot: Predecessors.currentBoot,
            host: host, address: settings.supervisor.address(host: host), pid: getpid(), startedAt: startedAt,
            seenAt: Date())
        record.queues = duties.queues
        return record
    }

    func register() async throws(SupervisorError) {
        do {
            try await store.save(record())
        } catch {
            throw SupervisorError(.storeUnavailable, "the store does not work: \(error)")
        }
        storeIdentity = try? await store.identity()
    }

    /// Removes the supervisor's row when nothing runs any more, unless it still holds leases: whoever has the pool next
    /// finds them by it.
    func unregister() async {
        do {
            // The store may be back since these were kept. Else the next supervisor writes them.
            if shutdown.level != .force { try? await delivery.deliverKept() }
            let left = try await strays.giveBack()
            guard left.isEmpty else {
                return logger.warning(
                    "some leases could not be given back; the next supervisor of this pool will do that",
                    metadata: ["tasks": "\(left.map(\.taskID.rawValue).sorted().joined(separator: " "))"])
            }
            try await store.remove(supervisor: id)
        } catch {
            logger.warning("could not remove the supervisor's row", metadata: ["error.message": "\(error)"])
        }
    }
}
