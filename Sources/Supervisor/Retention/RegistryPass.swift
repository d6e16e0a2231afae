internal import Foundation
internal import TaskModel
internal import TaskStore

/// One look for supervisors that ended without saying so and whose pool nobody will ever start again, as on a machine that
/// was thrown away.
struct RegistryPass: Sendable {
    let store: any TaskStore

    /// How long a supervisor must have been silent. Its machine may only be switched off.
    static let silence = Duration.seconds(7 * 86_400)

    /// Forgets those that were not seen for `silence` and have no lease, with their workers; returns their ids. One that
    /// comes again writes its row anew.
    func run(silence: Duration = silence) async throws -> [SupervisorID] {
        let all = try await store.supervisors()
        // Time is the store's, and who looks here was seen just now.
        guard let now = all.map(\.seenAt).max() else { return [] }
        var forgotten: [SupervisorID] = []
        for one in all where now.timeIntervalSince(one.seenAt) > silence / .seconds(1) {
            guard try await store.leases(of: one.id).isEmpty else { continue }
            for worker in try await store.workers(installation: one.installation) where worker.supervisor == one.id {
                try await store.remove(worker: worker.id)
            }
            try await store.remove(supervisor: one.id)
            forgotten.append(one.id)
        }
        return forgotten
    }
}
