internal import Synchronization
package import TaskModel

extension WorkerPool {
    /// What keeps workers of a profile from being started, and the last worker of it that failed.
    package struct Trouble: Sendable {
        /// What is wrong.
        package var trouble: ProfileTrouble
        /// The worker that failed last.
        package var worker: WorkerID
        /// Whether it is the profile of the pool's own workers.
        package var isOwn: Bool
    }

    /// What keeps workers of some profiles from being started.
    package var troubles: [Trouble] {
        shared.withLock { shared in
            let own = shared.state.ownProfile
            let troubles = shared.state.troubles(at: .now).compactMap { trouble in
                shared.failed[trouble.profile].map {
                    Trouble(trouble: trouble, worker: $0, isOwn: trouble.profile == own)
                }
            }
            // Profiles come with tasks, in any number.
            let current = Set(troubles.map(\.trouble.profile))
            if shared.failed.count > 64 { shared.failed = shared.failed.filter { current.contains($0.key) } }
            return troubles
        }
    }

    /// Replaces a worker, when it has finished its attempt or at once with `force`, and forgets the failures of its
    /// profile, so that the next start does not wait. The id may be that of a worker that failed. Returns whether there
    /// is such a worker.
    package func restart(worker id: WorkerID, force: Bool) -> Bool {
        if let failed = troubles.first(where: { $0.worker == id }) {
            apply(.forgive(failed.trouble.profile))
            return true
        }
        guard let worker = workers.first(where: { $0.id == id }) else { return false }
        apply(.forgive(worker.profile))
        return stop(worker: id, force: force)
    }

    /// Replaces every worker and forgets all failures.
    package func restartAll(force: Bool) {
        apply(.forgive(nil))
        for worker in workers { _ = stop(worker: worker.id, force: force) }
    }

    /// Replaces the workers of an image whose name stands for another one now, each when it has finished its attempt.
    package func replaceWorkers(ofImage image: String) {
        for worker in workers where worker.profile.image == image { _ = stop(worker: worker.id, force: false) }
    }
}
